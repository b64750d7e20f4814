/** What a VRF of FRR is called: the name of its device in Linux. "default" is the main table, which is no device. */
import { LinuxName } from "./primitives.ts";

export const VrfName = LinuxName.meta({ description: "Name of a VRF: that of its device in Linux." });
