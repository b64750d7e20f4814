/**
 * The stories that the simulated VPP is made of, told to a real one: IMP_TEST_VPP names it, or PATH does. A story that ends
 * VPP, or leaves what only a restart clears, has the next one begin with a new VPP.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeNamespace, type Namespace } from "../lab/netns.ts";
import { type RealVpp, startVpp, whyNoTaps, whyNoVpp } from "../lab/real-vpp.ts";
import { connectUnix, gone, type RawClient, rawClient } from "../lab/vpp/raw-client.ts";
import { filterStories, natStories, switchStories } from "../lab/vpp/stories-filters.ts";
import { layer3Stories } from "../lab/vpp/stories-layer3.ts";
import { protocolStories } from "../lab/vpp/stories-protocols.ts";
import { interfaceStories } from "../lab/vpp/stories.ts";
import { sweep } from "../lab/vpp/sweep.ts";

const stories = [
  ...interfaceStories,
  ...layer3Stories,
  ...filterStories,
  ...switchStories,
  ...natStories,
  ...protocolStories,
];
const lacking = whyNoVpp();
const waitMs = 20_000;

describe.skipIf(lacking)(`VPP behaves as its simulator${lacking ? ` (${lacking})` : ""}`, () => {
  let namespace: Namespace;
  let folder: string;
  let standing: { readonly vpp: RealVpp; readonly client: RawClient } | undefined;
  let starts = 0;

  beforeAll(() => {
    namespace = makeNamespace("vs");
    folder = mkdtempSync(join(tmpdir(), "vs-"));
  });

  afterAll(async () => {
    await end();
    namespace?.[Symbol.dispose]();
    if (folder) rmSync(folder, { recursive: true });
  });

  async function end(): Promise<void> {
    standing?.client.close();
    await standing?.vpp.kill();
    standing = undefined;
  }

  /** A VPP that has nothing yet. */
  async function clean(): Promise<RawClient> {
    if (standing && (await sweep(standing.client))) return standing.client;
    await end();
    starts += 1;
    const vpp = await startVpp({ folder, name: `s${starts}`, namespace });
    standing = { vpp, client: await rawClient(await connectUnix(vpp.socket), waitMs) };
    return standing.client;
  }

  it.for(stories)("$name", async (story, { skip }) => {
    expect.hasAssertions();
    if (story.wantsNew) await end();
    const client = await clean();
    const lacks = story.needs !== undefined && !client.has(story.needs) ? `this VPP has no ${story.needs}` : undefined;
    const why = lacks ?? (story.wantsTaps ? whyNoTaps() : undefined);
    if (why !== undefined) skip(why);
    await story.tell(client);
    const isSpent = natStories.includes(story) || (await client.retval("control_ping")) === gone;
    if (isSpent) await end();
  });
});
