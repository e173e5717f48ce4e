import avsc from 'avsc'

// avsc 5.7.9 computes longs in floating point and is wrong, silently, from 2^52 on: it writes −4503599627370497 so that
// every reader reads 4503599627370496. These types take its way up to 2^52 and go by BigInt beyond, so that every safe
// integer comes through exactly.
//
// They override what avsc calls of a type: `_check`, `_read`, `_write`, none of which may use `this` (a resolver borrows
// `_read`). Held to the pinned version by test/exact-long.test.ts. A reader's float or double of a writer's long is left
// to avsc.

/** What avsc reads from and writes to. */
interface Tap {
  readonly buf: Buffer
  pos: number
  readLong(): number
  writeLong(value: number): void
}

type MismatchHook = (value: unknown, type: avsc.Type) => void

const FLOAT_IS_EXACT = 2 ** 52

class ExactLong extends avsc.types.LongType {
  _check(value: unknown, _flags: number, hook?: MismatchHook): boolean {
    if (Number.isSafeInteger(value)) return true
    hook?.(value, this)
    return false
  }

  _read(tap: Tap): number | string {
    return readLong(tap, (value) => {
      throw new RangeError(`a long of ${value.toString().length} digits is beyond 2^53 − 1`)
    })
  }

  _write(tap: Tap, value: unknown): void {
    if (!Number.isSafeInteger(value)) throw new TypeError('not a whole number within ±(2^53 − 1)')
    const long = value as number
    if (Math.abs(long) < FLOAT_IS_EXACT) tap.writeLong(long)
    else writeZigzag(tap, BigInt(long))
  }
}

class LongOrText extends ExactLong {
  override _read(tap: Tap): number | string {
    return readLong(tap, String)
  }
}

/** A `long` as a number, refused beyond 2^53 − 1. */
export const exactLong: avsc.Type = new ExactLong()

/** A `long` as a number, or as its decimal text beyond 2^53 − 1. For reading only. */
export const longOrText: avsc.Type = new LongOrText()

function readLong(tap: Tap, beyond: (value: bigint) => string): number | string {
  const start = tap.pos
  const long = tap.readLong()
  // NaN, where the varint is longer than any long, is not below either.
  if (Math.abs(long) < FLOAT_IS_EXACT) return long
  const exact = readZigzag(tap.buf, start)
  const number = Number(exact)
  return Number.isSafeInteger(number) ? number : beyond(exact)
}

function readZigzag(bytes: Buffer, start: number): bigint {
  let zigzag = 0n
  let shift = 0n
  for (let at = start; ; at += 1, shift += 7n) {
    const byte = bytes[at] ?? 0
    zigzag |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  return (zigzag & 1n) === 0n ? zigzag >> 1n : -((zigzag + 1n) >> 1n)
}

/** Past the end of the buffer nothing is written, but the position goes on: so avsc learns how much was missing. */
function writeZigzag(tap: Tap, value: bigint): void {
  let rest = value >= 0n ? value << 1n : (-value << 1n) - 1n
  for (; rest >= 0x80n; rest >>= 7n) {
    tap.buf[tap.pos] = Number(rest & 0x7fn) | 0x80
    tap.pos += 1
  }
  tap.buf[tap.pos] = Number(rest)
  tap.pos += 1
}
