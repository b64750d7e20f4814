/** imp-update with fakes in the place of dpkg and systemd; a real one is in test/integration/agent-update.test.ts. */
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { shells } from "../../lab/failsafe-box.ts";
import { makeUpdateBox, type UpdateBox } from "../../lab/update-box.ts";

const lint = spawnSync("shellcheck", ["--version"]).status === 0 ? undefined : "needs shellcheck";

it.skipIf(lint !== undefined)(`imp-update is clean (${lint ?? "shellcheck is here"})`, () => {
  const { stdout } = spawnSync("shellcheck", ["-s", "sh", "deploy/update/imp-update"], { encoding: "utf8" });
  expect(stdout).toBe("");
});

for (const shell of shells)
  describe.skipIf(shell.missing)(`imp-update under ${shell.title}`, () => {
    let box: UpdateBox;
    beforeEach(() => {
      box = makeUpdateBox(shell);
    });
    afterEach(() => box[Symbol.dispose]());

    it("does nothing without an order, or with one of another format", () => {
      expect(box.run().exitCode).toBe(0);
      box.write("update/order", "format 2\nversion 2\nsha256 a\nbefore 1\nrun /run/imp\n");
      expect(box.run().exitCode).toBe(0);
      expect([box.installed(), box.result()]).toEqual(["ii 1.0+1", undefined]);
    });

    it("installs what is ordered, and takes away what it needed for it", () => {
      box.order();
      expect(box.run().exitCode).toBe(0);
      expect(box.result()).toMatchObject({ ended: "installed", version: "2.0+1", before: "1.0+1" });
      expect([box.installed(), box.running()]).toEqual(["ii 2.0+1", "2.0+1"]);
      expect(["phase", "new.deb", "before.deb", "before", "list"].filter((name) => box.has(`update/${name}`))).toEqual(
        [],
      );
    });

    it.each([
      ["down", "The agent did not come up: systemd gave it up."],
      ["silent", "The agent did not come up: it does not answer."],
      ["frozen", "The agent did not come up: it can do nothing, for it cannot read what was recorded here."],
      ["unguarded", "The agent did not come up: its failsafe cannot be relied on: imp-failsafe watch does not run."],
    ] as const)("puts the one before back where the new one is %s", (how, reason) => {
      box.behave("2.0+1", how);
      box.order();
      box.run();
      expect(box.result()).toMatchObject({ ended: "rolled-back", reason });
      expect([box.installed(), box.running()]).toEqual(["ii 1.0+1", "1.0+1"]);
    });

    it("does so where a script of the package fails", () => {
      box.write("broken-2.0+1", "");
      box.order();
      box.run();
      expect(box.result()).toMatchObject({
        ended: "rolled-back",
        reason: "It could not be installed: dpkg: error processing package imp: its script failed",
      });
      expect(box.installed()).toBe("ii 1.0+1");
    });

    it("asks nothing of a failsafe that is switched off", () => {
      box.behave("2.0+1", "unguarded");
      box.order("off");
      box.run();
      expect(box.result()?.ended).toBe("installed");
    });

    it.each(["installing", "trying", "back interrupted It was.", "?"])(
      "goes not on from what an earlier order left: %s",
      (phase) => {
        box.order();
        box.write("update/phase", `${phase}\n`);
        box.write("update/before.deb", "version 0.9+1\n");
        box.run();
        expect([box.result()?.ended, box.installed()]).toEqual(["installed", "ii 2.0+1"]);
      },
    );

    it("says where the one before is not up either", () => {
      for (const version of ["1.0+1", "2.0+1"]) box.behave(version, "down");
      box.order();
      box.run();
      expect(box.result()?.ended).toBe("unclear");
      expect(box.installed()).toBe("ii 1.0+1");
    });

    it("keeps the package of the one before where it cannot be put back", () => {
      box.behave("2.0+1", "down");
      box.write("broken-1.0+1", "");
      box.order();
      box.run();
      expect(box.result()?.ended).toBe("stuck");
      expect(box.has("update/before.deb")).toBe(true);
    });

    it.each([
      ["a deployment is in flight", "run/armed", "", "A deployment is in flight."],
      ["another version is installed", "installed", "ii 1.5+1\n", "Version 1.0+1 is not what is installed."],
      [
        "the package is not the one that was checked",
        "update/new.deb",
        "x",
        "The file is not the one that was checked.",
      ],
      [
        "somebody else installs something",
        "locked",
        "",
        "dpkg: error: dpkg frontend lock was locked by another process",
      ],
    ])("does nothing where %s", (_, path, text, reason) => {
      box.order();
      box.write(path, text);
      const before = box.installed();
      box.run();
      expect(box.result()).toMatchObject({ ended: "refused", reason });
      expect([box.installed(), box.running()]).toEqual([before, "1.0+1"]);
    });

    // The same in every shell; it takes some hundred processes for each.
    it.skipIf(shell !== shells[0]).each(["up", "down"] as const)(
      "ends whole wherever it is killed, where the new one is %s",
      (how) => {
        box.behave("2.0+1", how);
        box.order();
        const { points } = box.run();
        expect(points).toBeGreaterThan(7);
        for (let at = 1; at <= points; at += 1) {
          using other = makeUpdateBox(shell);
          other.behave("2.0+1", how);
          other.order();
          other.run(at);
          other.run();
          const ended = other.result()?.ended;
          const expected = ended === "installed" ? "2.0+1" : "1.0+1";
          expect([at, other.installed(), other.running()]).toEqual([at, `ii ${expected}`, expected]);
          expect(how === "up" ? ["installed", "interrupted"] : ["rolled-back", "interrupted"]).toContain(ended);
          expect(other.has("update/phase")).toBe(false);
        }
      },
      300_000,
    );
  });
