/** What the simulated VPP says of itself. */
import type { Calls, DumpsOf } from "./handlers.ts";

export const simulatedVersion = "26.06-release";

export const vpeCalls = {
  show_version: () => ({ program: "vpe", version: simulatedVersion, build_date: "", build_directory: "" }),
  show_vpe_system_time: () => ({ vpe_system_time: 0 }),
  show_threads: () => ({
    thread_data: [{ id: 0, name: "vpp_main", type: "", pid: 1, cpu_id: 0, core: 0, cpu_socket: 0 }],
  }),
  api_versions: () => ({ api_versions: [] }),
} satisfies Calls;

export const vpeDumps = {
  *log_dump() {},
} satisfies DumpsOf;
