import { expect, it } from "vitest";
import { readNeighbor } from "../../../../reconcilers/frr/neighbors.ts";

const peer = "192.0.2.1";
const ceased = (code: string, due: string) =>
  readNeighbor(
    JSON.stringify({ [peer]: { lastErrorCodeSubcode: code, lastResetDueTo: due, lastResetTimerMsecs: 1000 } }),
    peer,
  )?.ceasedMsAgo;

it("knows whether the peer's operator took a session down", () => {
  for (const code of ["0602", "0603", "0604"]) expect(ceased(code, "BGP Notification received")).toBe(1000);
  expect(ceased("0602", "BGP Notification send")).toBeUndefined();
  expect(ceased("0601", "BGP Notification received"), "too many prefixes may be our fault").toBeUndefined();
  expect(ceased("0202", "BGP Notification received")).toBeUndefined();
  expect(readNeighbor("% No such neighbor", peer)).toBeUndefined();
  expect(readNeighbor("null", peer)).toBeUndefined();
});

it("knows whether a peer has sent all that it has, in every family that the session carries", () => {
  const shown = (received: object, gracefulRestart = "advertisedAndReceived") =>
    readNeighbor(
      JSON.stringify({
        [peer]: {
          neighborCapabilities: {
            gracefulRestart,
            multiprotocolExtensions: {
              ipv4Unicast: { advertisedAndReceived: true },
              ipv6Unicast: { advertisedAndReceived: true },
              ipv4Multicast: { received: true },
            },
          },
          gracefulRestartInfo: { endOfRibRecv: received },
        },
      }),
      peer,
    )?.endOfRib;
  expect(shown({ ipv4Unicast: true, ipv6Unicast: true })).toBe(true);
  expect(shown({ ipv4Unicast: true })).toBe(false);
  expect(shown({}, "advertised"), "it does no graceful restart").toBeUndefined();
});
