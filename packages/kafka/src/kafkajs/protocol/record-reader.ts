import { TowlineError } from '@towline/contracts'
import type { KafkaRecord, RecordHeaders } from '../../ports/record.ts'
import { headerNameIn } from './header-names.ts'

/** Where a record's deltas count from. */
export interface RecordBase {
  readonly offset: number
  readonly timestampMs: number
  /** Every record has this timestamp (LogAppendTime), or null when each has its own. */
  readonly appendedAtMs: number | null
}

/** A class, so that V8 does not begin to make records in its old generation, where they would keep alive what they hold. */
class ReadRecord implements KafkaRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: RecordHeaders

  constructor(offset: number, timestampMs: number, key: Buffer | null, value: Buffer | null, headers: RecordHeaders) {
    this.offset = offset
    this.timestampMs = timestampMs
    this.key = key
    this.value = value
    this.headers = headers
  }
}

/** Reads the records of one batch, decompressed, from its bytes. Keys, values and header values are slices of them. */
export class RecordReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  readRecord(base: RecordBase): KafkaRecord {
    const length = this.#readVarint()
    const end = this.#at + length
    if (length < 0 || end > this.#bytes.length) throw corrupt(this.#at)
    this.#at += 1 // attributes: unused by Kafka
    const timestampDelta = this.#readVarint()
    const offset = base.offset + this.#readVarint()
    const key = this.#readBytes()
    const value = this.#readBytes()
    const headers = this.#readHeaders()
    this.#at = end
    return new ReadRecord(offset, base.appendedAtMs ?? base.timestampMs + timestampDelta, key, value, headers)
  }

  #readHeaders(): RecordHeaders {
    const headers: Record<string, Buffer | null | (Buffer | null)[]> = {}
    const count = this.#readVarint()
    for (let index = 0; index < count; index += 1) {
      const length = this.#readVarint()
      const name = headerNameIn(this.#bytes, this.#at, this.#at + length)
      this.#at += length
      addHeader(headers, name, this.#readBytes())
    }
    return headers
  }

  #readBytes(): Buffer | null {
    const length = this.#readVarint()
    if (length < 0) return null
    const start = this.#at
    this.#at = start + length
    return this.#bytes.subarray(start, this.#at)
  }

  #readVarint(): number {
    let byte = this.#next()
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let low = byte & 0x7f
    let shift = 7
    do {
      byte = this.#next()
      low |= (byte & 0x7f) << shift
      shift += 7
    } while (byte >= 0x80 && shift < 28)
    if (byte < 0x80) return (low >>> 1) ^ -(low & 1)
    return this.#readWideVarint(low)
  }

  /** The rest of a varint beyond its first 28 bits. */
  #readWideVarint(low: number): number {
    let zigzag = low
    let factor = 2 ** 28
    let byte: number
    do {
      byte = this.#next()
      zigzag += (byte & 0x7f) * factor
      factor *= 0x80
    } while (byte >= 0x80)
    if (zigzag > Number.MAX_SAFE_INTEGER) throw corrupt(this.#at)
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
  }

  #next(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw corrupt(this.#at)
    this.#at += 1
    return byte
  }
}

function addHeader(
  headers: Record<string, Buffer | null | (Buffer | null)[]>,
  name: string,
  value: Buffer | null,
): void {
  if (!Object.hasOwn(headers, name)) {
    if (name === '__proto__') Object.defineProperty(headers, name, { value, enumerable: true, writable: true })
    else headers[name] = value
    return
  }
  const present = headers[name] as Buffer | null | (Buffer | null)[]
  headers[name] = Array.isArray(present) ? [...present, value] : [present, value]
}

function corrupt(at: number): TowlineError {
  return new TowlineError('TOWLINE_INTERNAL', `a record batch ends or breaks off at byte ${at}`, { value: at })
}
