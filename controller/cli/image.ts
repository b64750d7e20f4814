/** `impctl image …`: makes and tries images, makes, signs, checks and shows the manifests of images, and brings their streams onto a box. */
import type { Command } from "commander";
import { defineBuild } from "./image-build.ts";
import { defineFetch } from "./image-fetch.ts";
import { defineInspect } from "./image-inspect.ts";
import { defineList } from "./image-list.ts";
import { defineManifest } from "./image-manifest.ts";
import { defineSign } from "./image-sign.ts";
import { defineTest } from "./image-test.ts";
import { defineVerify } from "./image-verify.ts";
import type { Terminal } from "./terminal.ts";

export function define(command: Command, terminal: Terminal): void {
  defineBuild(command, terminal);
  defineTest(command, terminal);
  defineManifest(command, terminal);
  defineSign(command, terminal);
  defineVerify(command, terminal);
  defineInspect(command, terminal);
  defineList(command, terminal);
  defineFetch(command, terminal);
}
