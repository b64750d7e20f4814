import { describe, expect, it } from "vitest";
import { createLog } from "../../../../controller/report/log.ts";
import { maskSecrets } from "../../../../controller/mask.ts";
import type { LogOptions } from "../../../../controller/report/log.ts";
import { Problem } from "../../../../schemas/problem.ts";

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({ format: "json", write: (line) => lines.push(line), now: () => 1_000_000_000, ...options });
  return { log, lines };
}

describe("the log", () => {
  it("writes one JSON object a line with the priority that journald knows", () => {
    const { log, lines } = capture();

    log.warn("cannot reach the repository", { remote: "origin" });

    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      time: "1970-01-12T13:46:40.000Z",
      level: "warn",
      priority: 4,
      message: "cannot reach the repository",
      remote: "origin",
    });
  });

  it("keeps an event with line breaks in it on one line, in both formats", () => {
    for (const format of ["json", "text"] as const) {
      const { log, lines } = capture({ format });

      log.info("observed", { text: "a\nb" });

      expect(lines.join("").split("\n")).toHaveLength(2);
    }
  });

  it("writes nothing that a terminal acts on, in both formats", () => {
    const hostile = "A\u001B[31mB\u0007\r\u0085\u202E";
    for (const format of ["json", "text"] as const) {
      const { log, lines } = capture({ format });

      log.error("problem", { problem: new Problem("TRUST_UNSIGNED", hostile) });
      log.info("observed", { text: hostile, list: [hostile] });

      expect(lines.join("").replaceAll("\n", "")).not.toMatch(/\p{C}/u);
      expect(lines.join("").split("\n")).toHaveLength(3);
    }
  });

  it("shows a problem with its code and its remedy", () => {
    const { log, lines } = capture();

    log.error("deployment failed", { problem: new Problem("FRR_REJECTED", "no", { remedy: "Edit it." }) });

    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ problem: { code: "FRR_REJECTED", remedy: "Edit it." } });
  });

  it("begins with the priority when journald listens", () => {
    const { log, lines } = capture({ journal: true });

    log.error("x");

    expect(lines[0]).toMatch(/^<3>\{/);
  });

  it("leaves out debug unless asked", () => {
    const { log, lines } = capture();
    log.debug("x");
    expect(lines).toEqual([]);
  });

  it("masks what looks like a secret, and keeps sealed ones apart", () => {
    expect(maskSecrets("neighbor 192.0.2.1 password hunter2")).toBe("neighbor 192.0.2.1 password <masked>");
    expect(maskSecrets("ip ospf message-digest-key 1 md5 hunter2")).toBe("ip ospf message-digest-key 1 md5 <masked>");
    expect(maskSecrets("https://imp:token@git.example.net/x.git")).toBe("https://<masked>@git.example.net/x.git");
    expect(maskSecrets("neighbor 192.0.2.1 password <secret:0123456789abcdef>")).toContain("<secret:0123456789abcdef>");
  });
});
