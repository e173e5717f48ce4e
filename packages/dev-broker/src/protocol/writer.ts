/** Below this a blob is copied into the frame's own buffer: a write of its own would cost more than the copy. */
const COPY_BELOW_BYTES = 2_048
const FIRST_BUFFER_BYTES = 512
const LARGEST_BUFFER_BYTES = 65_536
const LENGTH_PREFIX_BYTES = 4

/** Writes one length-prefixed response frame as a list of chunks, so that fetched batches leave without being copied. */
export class FrameWriter {
  readonly #chunks: Buffer[] = []
  #buffer: Buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES)
  #flushedTo = 0
  #at = LENGTH_PREFIX_BYTES
  #chunkedBytes = 0

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0)
  }

  int8(value: number): void {
    const at = this.#reserve(1)
    this.#buffer.writeInt8(value, at)
  }

  int16(value: number): void {
    const at = this.#reserve(2)
    this.#buffer.writeInt16BE(value, at)
  }

  int32(value: number): void {
    const at = this.#reserve(4)
    this.#buffer.writeInt32BE(value, at)
  }

  int64(value: number): void {
    const at = this.#reserve(8)
    const high = Math.floor(value / 0x1_0000_0000)
    this.#buffer.writeInt32BE(high, at)
    this.#buffer.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
  }

  uvarint(value: number): void {
    let rest = value
    for (; rest > 0x7f; rest >>>= 7) this.int8((rest & 0x7f) - 0x80)
    this.int8(rest)
  }

  utf8(value: string, lengthBytes: number): void {
    const at = this.#reserve(lengthBytes)
    this.#buffer.write(value, at, 'utf8')
  }

  blob(value: Buffer): void {
    if (value.length < COPY_BELOW_BYTES) {
      const at = this.#reserve(value.length)
      value.copy(this.#buffer, at)
      return
    }
    this.#flush()
    this.#chunks.push(value)
    this.#chunkedBytes += value.length
  }

  /** The frame, its length prefix filled in. The writer is spent. */
  finish(): readonly Buffer[] {
    this.#flush()
    this.#chunks[0]?.writeInt32BE(this.#chunkedBytes - LENGTH_PREFIX_BYTES, 0)
    return this.#chunks
  }

  /** Where `count` bytes may be written. It may change the buffer: call it before looking at that. */
  #reserve(count: number): number {
    if (this.#at + count > this.#buffer.length) {
      this.#flush()
      this.#buffer = Buffer.allocUnsafe(Math.max(count, Math.min(this.#buffer.length * 2, LARGEST_BUFFER_BYTES)))
      this.#flushedTo = 0
      this.#at = 0
    }
    const at = this.#at
    this.#at = at + count
    return at
  }

  #flush(): void {
    if (this.#at === this.#flushedTo) return
    const chunk = this.#buffer.subarray(this.#flushedTo, this.#at)
    this.#chunks.push(chunk)
    this.#chunkedBytes += chunk.length
    this.#flushedTo = this.#at
  }
}
