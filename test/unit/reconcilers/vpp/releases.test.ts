/** The plane on VPPs of eight releases: simulated ones, with the messages that the release's definitions have. */
import { describe, expect, it } from "vitest";
import { indexed, known, readDefinitions } from "../../../../reconcilers/vpp/api/definitions.ts";
import { describeStep } from "../../../../reconcilers/vpp/describe.ts";
import { applyVpp, observeVpp } from "../../../../reconcilers/vpp/instances.ts";
import { instances, type VppDesired, type VppObserved } from "../../../../reconcilers/vpp/model.ts";
import { planVpp } from "../../../../reconcilers/vpp/plan.ts";
import { altered, applianceIn, pushed } from "../../../lab/vpp-appliance.ts";
import { places, vppHost } from "../../../lab/vpp-host.ts";
import { definitionsOf, releases } from "../../../lab/vpp-releases.ts";

const signal = new AbortController().signal;
const appliance = applianceIn("/run/vpp");

/** Plugins that all releases have, and of which the definitions here are those of 26.06 alone. */
const undescribed = /^(?:vrrp|urpf)_/;

/** Of the messages that we know, those that a release does not have by the same CRC. */
function lackingIn(release: string): readonly string[] {
  const theirs = indexed(readDefinitions(definitionsOf(release), release));
  return [...known().message.values()].flatMap(({ name, crc }) =>
    theirs.message.get(name)?.crc === crc || undescribed.test(name) ? [] : [name],
  );
}

/** Kinds that this VPP has no messages for. */
function missingIn(observed: VppObserved): ReadonlySet<string> {
  return new Set(instances.flatMap((instance) => Object.keys(observed[instance]?.missing ?? {})));
}

describe.skipIf(releases.length === 0)("VPP's plane (skipped where the definitions of eight releases are not)", () => {
  it.each(releases)("goes from any state to any other on %s", async (release) => {
    const lacking = lackingIn(release);
    const { host, sims } = vppHost({ lacks: new RegExp(`^(?:${lacking.join("|")})$`) });
    const missing = missingIn(await observeVpp(host, places, signal));
    const possible = (desired: VppDesired): VppDesired =>
      Object.fromEntries(
        instances.map((instance) => [
          instance,
          { objects: (desired[instance]?.objects ?? []).filter(({ kind }) => !missing.has(kind)) },
        ]),
      );
    const states = [appliance, pushed(appliance), altered(appliance), appliance].map(possible);
    let owned: readonly VppDesired[] = [];
    for (const state of states) {
      const { steps, problems } = planVpp(state, await observeVpp(host, places, signal), owned);
      expect(problems).toEqual([]);
      for await (const _ of applyVpp(steps, host, places, signal));
      expect(planVpp(state, await observeVpp(host, places, signal), owned).steps.map(describeStep)).toEqual([]);
      owned = [state];
    }
    // Before that nobody can tell whether an interface has a policer.
    expect([...missing]).toEqual(release < "25.06" ? ["policer-use"] : []);
    expect([sims.core.deaths, sims.nat.deaths]).toEqual([[], []]);
  });
});
