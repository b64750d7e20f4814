import { expect, it } from "vitest";
import type { Red } from "../../../../controller/health/judge.ts";
import { startSoak } from "../../../../controller/health/soak.ts";
import type { HealthCheck } from "../../../../schemas/health.ts";
import { simHost } from "../../../lab/host.ts";

const red: Red = { key: "k", reason: "It is red.", weight: "regressed" };
const check = (more: object): HealthCheck => ({ check: "tcp", address: "192.0.2.1", port: 1, required: true, ...more });

it("is over when everything was green for the policy's time, counted from the last red", async () => {
  const sim = simHost();
  const soak = startSoak(sim.start(), [], 5000);
  expect(soak.isOver()).toBe(false);
  soak.saw([]);
  await sim.pass(4000);
  soak.saw([red]);
  await sim.pass(2000);
  expect(soak.redForMs(red)).toBe(2000);
  soak.saw([]);
  await sim.pass(4999);
  expect(soak.isOver()).toBe(false);
  await sim.pass(1);
  soak.saw([]);
  expect(soak.isOver()).toBe(true);
  expect(soak.redForMs(red)).toBe(0);
});

it("is as long as the longest of the required checks wants, after its start period", async () => {
  const sim = simHost();
  const health = [
    check({ "soak-seconds": 3 }),
    check({ "start-seconds": 6, "soak-seconds": 2 }),
    check({ required: false, "soak-seconds": 60 }),
  ];
  const soak = startSoak(sim.start(), health, 1000);
  soak.saw([]);
  await sim.pass(7999);
  expect(soak.isOver()).toBe(false);
  await sim.pass(1);
  expect(soak.isOver()).toBe(true);
});
