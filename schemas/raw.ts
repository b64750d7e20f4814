/** Fenced raw blocks: what FRR or VPP can do and the schema has no word for. Each says how to undo it and what it disturbs. */
import { z } from "zod";
import { type RawPlace, wrongRawLine } from "./frr-line.ts";
import { holdsNoSeal, isOneLine, Line, Name, noSeal, oneLine } from "./primitives.ts";
import { Impact } from "./policy.ts";
import { wrongVppLine } from "./vpp-line.ts";
import { When } from "./when.ts";

const command = z
  .string()
  .min(1)
  .max(1000)
  .refine(isOneLine, oneLine)
  .refine(holdsNoSeal, noSeal)
  .regex(/\S/, "must not be blank");

/** A command that FRR takes as configuration, and that can be found again in what it prints. */
function frrLine(place: RawPlace) {
  return command.check((ctx) => {
    const message = wrongRawLine(ctx.value, place);
    if (message !== undefined) ctx.issues.push({ code: "custom", message, input: ctx.value });
  });
}

export const RawFrr = z
  .record(
    Name,
    z.strictObject({
      description: Line.optional(),
      context: z
        .array(frrLine("context"))
        .max(4)
        .default([])
        .meta({ description: 'Lines that lead to where `lines` belong, as in ["router bgp 64500"].' }),
      lines: z.array(frrLine("lines")).min(1).max(1000).meta({ description: "As `show running-config` prints them." }),
      undo: z
        .array(frrLine("undo"))
        .optional()
        .meta({ description: 'Commands that remove them, in the same context; without it "no <line>", last first.' }),
      impact: Impact.meta({ description: "What applying or undoing it disturbs." }),
      when: When.optional(),
    }),
  )
  .default({})
  .meta({ description: "FRR lines that the schema has no word for, by name." });

const vppLine = command.check((ctx) => {
  const why = wrongVppLine(ctx.value);
  if (why !== undefined)
    ctx.issues.push({ code: "custom", message: `must not be said to VPP: ${why}`, input: ctx.value });
});

export const RawVpp = z
  .record(
    Name,
    z.strictObject({
      description: Line.optional(),
      instance: z.enum(["core", "nat"]).default("core").meta({ description: "Which VPP." }),
      commands: z.array(vppLine).min(1).max(1000).meta({ description: "VPP CLI, in order." }),
      undo: z.array(vppLine).meta({ description: "VPP CLI that takes it back, in order; may be empty for none." }),
      impact: Impact.meta({ description: "What applying or undoing it disturbs." }),
      when: When.optional(),
    }),
  )
  .default({})
  .meta({ description: "VPP commands that the schema has no word for, by name." });
