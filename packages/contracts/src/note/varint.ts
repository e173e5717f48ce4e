/** Bytes of an unsigned LEB128 varint of a safe, non-negative integer. */
export function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes += 1
  return bytes
}

/** Writes into a buffer of a size known before. */
export class VarintWriter {
  readonly bytes: Uint8Array
  #at = 0

  constructor(size: number) {
    this.bytes = new Uint8Array(size)
  }

  byte(value: number): void {
    this.bytes[this.#at] = value
    this.#at += 1
  }

  /** Arithmetic, not shifts: values may exceed 32 bits. */
  varint(value: number): void {
    let rest = value
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 0x80)
    this.byte(rest)
  }

  /** The next `size` bytes, zero, for the caller to fill. */
  reserve(size: number): Uint8Array {
    this.#at += size
    return this.bytes.subarray(this.#at - size, this.#at)
  }
}

/** Reads bytes in order. Past the end, or at a varint not in its one shortest form, it is `broken` for good. */
export class VarintReader {
  broken = false
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.broken || this.#at >= this.#bytes.length
  }

  byte(): number {
    const byte = this.broken ? undefined : this.#bytes[this.#at]
    this.#at += 1
    if (byte === undefined) this.broken = true
    return byte ?? 0
  }

  varint(): number {
    let value = 0
    for (let factor = 1; factor <= Number.MAX_SAFE_INTEGER; factor *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte >= 0x80) continue
      if (this.broken || (byte === 0 && factor > 1) || !Number.isSafeInteger(value)) break
      return value
    }
    this.broken = true
    return 0
  }

  /** The next `size` bytes; none, and `broken`, when there are fewer. */
  take(size: number): Uint8Array {
    const end = this.#at + size
    if (end > this.#bytes.length) this.broken = true
    if (this.broken) return new Uint8Array(0)
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}
