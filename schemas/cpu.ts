/** Where VPP's threads run. */
import { z } from "zod";
import { whole } from "./primitives.ts";

const Threads = z.strictObject({
  main: whole(0, 1023, "a CPU number").optional().meta({ description: "CPU of the main thread." }),
  workers: z
    .string()
    .regex(/^\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*$/, 'must be CPU numbers, as in "2-5,8"')
    .optional()
    .meta({ description: 'CPUs of the workers, as in "2-5,8".' }),
});

export const Cpu = z
  .strictObject({
    count: whole(1, 1024, "a number of CPUs").optional().meta({
      description: "How many CPUs the box has (nproc); an instance of which nothing is written is placed by it.",
    }),
    core: Threads.prefault({}).meta({ description: "The VPP instance that forwards." }),
    nat: Threads.prefault({}).meta({ description: "The VPP instance that translates." }),
  })
  .meta({
    description:
      "CPU placement of both VPP instances. What is left out follows from count; without it, nothing is pinned.",
  });
export type Cpu = z.infer<typeof Cpu>;
