import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { frr } from "../../reconcilers/frr/frr.ts";
import type { FrrDesired } from "../../reconcilers/frr/model.ts";
import { sealConfig } from "../../reconcilers/frr/seal.ts";
import { mergeConfigs, printConfig } from "../../reconcilers/frr/tree.ts";
import { type RealFrr, startFrr, whyNoFrr } from "../lab/frr.ts";
import { frrHost, testSecrets } from "../lab/frr-host.ts";
import { makeNamespace, type Namespace } from "../lab/netns.ts";

const missing = whyNoFrr();
const secrets = testSecrets();
const host = frrHost(undefined, secrets);
const signal = new AbortController().signal;
const catalogue = readFileSync(new URL("frr-catalogue.conf", import.meta.url), "utf8");

describe.skipIf(missing !== undefined)(`a real FRR that read its file at boot (${missing ?? "8.4"})`, () => {
  let appliance: Namespace;
  let real: RealFrr;

  beforeAll(async () => {
    appliance = makeNamespace("boot");
    real = await startFrr(appliance);
  });

  afterAll(async () => {
    await real?.[Symbol.asyncDispose]();
    appliance?.[Symbol.dispose]();
  });

  it("is in sync with the same lines, and loses all of them in every daemon that vtysh told", async () => {
    writeFileSync(`/etc/frr/${appliance.name}/frr.conf`, catalogue);
    execFileSync("vtysh", ["-N", appliance.name, "-b"], { stdio: "ignore", timeout: 60_000 });
    const plane = frr({ sockets: real.sockets });
    const all: FrrDesired = {
      config: printConfig(mergeConfigs([sealConfig(catalogue, (secret) => secrets.known(secret))])),
    };
    const left = async (to: FrrDesired) => {
      const { steps, foreign } = plane.plan(to, await plane.observe(host, signal), [all]);
      return { steps, told: [...steps.map((step) => plane.describe(step)), ...foreign.map(({ text }) => text)] };
    };
    expect((await left(all)).told).toEqual([]);

    const nothing = { config: "" };
    const { steps } = await left(nothing);
    for await (const step of plane.apply(steps, host, signal)) expect(steps).toContain(step);
    expect((await left(nothing)).told).toEqual([]);
  });
});
