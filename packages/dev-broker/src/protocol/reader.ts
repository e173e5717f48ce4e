/** The peer sent bytes that are no message of the kind they claim to be. */
export class MalformedRequestError extends Error {
  override readonly name = 'MalformedRequestError'
}

/** Reads Kafka's primitive types off one frame. Every read is bounds-checked; byte values are views, not copies. */
export class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get remainingBytes(): number {
    return this.#bytes.length - this.#at
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4))
  }

  int64(): number {
    const at = this.#advance(8)
    return this.#bytes.readInt32BE(at) * 0x1_0000_0000 + this.#bytes.readUInt32BE(at + 4)
  }

  uvarint(): number {
    let value = 0
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.int8()
      value += (byte & 0x7f) * 2 ** shift
      if ((byte & 0x80) === 0) return value
    }
    throw new MalformedRequestError('a varint of more than 5 bytes')
  }

  utf8(lengthBytes: number): string {
    const at = this.#advance(lengthBytes)
    return this.#bytes.toString('utf8', at, at + lengthBytes)
  }

  slice(lengthBytes: number): Buffer {
    const at = this.#advance(lengthBytes)
    return this.#bytes.subarray(at, at + lengthBytes)
  }

  /** Skips a tagged-field section: no message served here has a known tag. */
  skipTags(): void {
    for (let left = this.uvarint(); left > 0; left--) {
      this.uvarint()
      this.#advance(this.uvarint())
    }
  }

  #advance(count: number): number {
    const at = this.#at
    if (count < 0 || count > this.#bytes.length - at)
      throw new MalformedRequestError(`wanted ${count} bytes, ${this.#bytes.length - at} left`)
    this.#at = at + count
    return at
  }
}
