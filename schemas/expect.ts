/** Whether a session, an adjacency or an interface is to be up. Health checks follow from it. */
import { z } from "zod";

export const Expect = z
  .enum(["up", "down", "any"])
  .default("up")
  .meta({ description: "up: must be up; down: known to be down; any: may be either." });
