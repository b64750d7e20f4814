/** Which version of the product this is: `impctl version`, the status document and the metrics show it. */
import manifest from "../package.json" with { type: "json" };

/** Semantic version, from package.json (inlined when bundled). */
export const agentVersion: string = manifest.version;
