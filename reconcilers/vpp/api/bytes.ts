/** Bytes to be sent and bytes that came, with a place in them. VPP packs without padding, big endian but for f64. */

/** Grows as it is written; what was written may be taken out and sent. */
export class Writer {
  bytes = new Uint8Array(4096);
  view = new DataView(this.bytes.buffer);
  at = 0;

  /** Makes room, zeroed, and gives where it begins. */
  room(size: number): number {
    const from = this.at;
    this.at += size;
    if (this.at > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.at, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, from));
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return from;
  }

  /** Takes back what was written since. */
  cut(at: number): void {
    this.bytes.fill(0, at, this.at);
    this.at = at;
  }

  /** All that was written; begins anew. */
  take(): Uint8Array {
    const bytes = this.bytes.subarray(0, this.at);
    this.bytes = new Uint8Array(4096);
    this.view = new DataView(this.bytes.buffer);
    this.at = 0;
    return bytes;
  }
}

/** One message. Reading past its end throws a RangeError. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Goes on by `size` bytes, and gives where they begin. */
  pass(size: number): number {
    const from = this.at;
    if (from + size > this.bytes.length) throw new RangeError(`${from + size - this.bytes.length} bytes too short`);
    this.at += size;
    return from;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }
}
