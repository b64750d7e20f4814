/**
 * The frames of VPP's binary API on a stream socket: u64 that is VPP's own business, u32 length of what follows the header,
 * u32 mark (0), all big endian; then one message.
 */
import { Problem } from "../../../schemas/problem.ts";
import type { Writer } from "./bytes.ts";

const header = 16;
/** What VPP says of itself at once is some 2 MB; what a CLI command prints may be more. */
const longest = 64 * 1024 * 1024;

/** Appends a frame with what `message` appends; nothing when that throws. */
export function putFrame(writer: Writer, message: (writer: Writer) => void): void {
  const from = writer.room(header);
  try {
    message(writer);
  } catch (thrown) {
    writer.cut(from);
    throw thrown;
  }
  writer.view.setUint32(from + 8, writer.at - from - header);
}

/** Cuts what arrives, in whatever pieces, into messages. */
export class FrameDecoder {
  private bytes: Uint8Array = new Uint8Array(0);
  private from = 0;
  private to = 0;
  /** Whether we may write into the bytes. */
  private isOurs = false;

  /** Gives every message that these bytes complete to `message`, which must not keep its bytes. Throws VPP_UNREACHABLE at an absurd length. */
  push(chunk: Uint8Array, message: (bytes: Uint8Array) => void): void {
    this.append(chunk);
    while (this.to - this.from >= header) {
      const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.from);
      const length = view.getUint32(8);
      if (length > longest) {
        throw new Problem("VPP_UNREACHABLE", `VPP's API socket announced a message of ${length} bytes.`, {
          remedy: "See whether the socket that is configured is that of VPP's binary API.",
          transient: true,
        });
      }
      if (this.to - this.from < header + length) return;
      const body = this.bytes.subarray(this.from + header, this.from + header + length);
      this.from += header + length;
      message(body);
    }
  }

  /** Whether the last frame is not complete. */
  get isInside(): boolean {
    return this.to > this.from;
  }

  private append(chunk: Uint8Array): void {
    if (this.from === this.to) {
      this.bytes = chunk;
      this.isOurs = false;
      this.from = 0;
      this.to = chunk.length;
      return;
    }
    const left = this.to - this.from;
    // Room for twice as much, so that a long message is not copied once for every piece of it.
    if (!this.isOurs || this.to + chunk.length > this.bytes.length) {
      const larger = new Uint8Array((left + chunk.length) * 2);
      larger.set(this.bytes.subarray(this.from, this.to));
      this.bytes = larger;
      this.from = 0;
      this.to = left;
      this.isOurs = true;
    }
    this.bytes.set(chunk, this.to);
    this.to += chunk.length;
  }
}
