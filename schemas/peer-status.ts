/** What one appliance reads of another one's status: no more than it needs, and nothing that it did not check. */
import { z } from "zod";

const digest = z.string().regex(/^[0-9a-f]{64}$/);

export const PeerStatus = z.object({
  machine: z.string().max(130),
  state: z.string().max(40),
  reason: z.string().max(2000).optional(),
  desired: z.object({ commit: z.string().max(64), asked: digest.optional() }).optional(),
  verdict: z.enum(["good", "bad", "inconclusive"]).optional(),
  good: z.object({ since: z.number().min(0).max(1e15), soaked: z.boolean() }).optional(),
});
export type PeerStatus = z.infer<typeof PeerStatus>;

/** The status in a text, or what is wrong with it. */
export function parsePeerStatus(text: string): PeerStatus | { readonly wrong: string } {
  try {
    const { data, error } = PeerStatus.safeParse(JSON.parse(text));
    if (data) return data;
    const [issue] = error.issues;
    return { wrong: `${issue?.path.join(".")}: ${issue?.message}` };
  } catch {
    return { wrong: "it is no JSON" };
  }
}
