// Zigzag varints as record batches use them. Values are JavaScript numbers up to 2^53 in magnitude, which every length,
// offset delta and timestamp delta of ours fits; wider ones are refused when they are read.

const BITS_31 = 0x7fffffff

/** Bytes that `value` takes as a zigzag varint. */
export function sizeOfVarint(value: number): number {
  if (value >= -BITS_31 && value <= BITS_31) {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0
    let size = 1
    while (rest >= 0x80) {
      rest >>>= 7
      size += 1
    }
    return size
  }
  let rest = zigzagWide(value)
  let size = 1
  while (rest >= 0x80) {
    rest = Math.floor(rest / 0x80)
    size += 1
  }
  return size
}

/** Writes `value` at `at` and returns the position after it. */
export function writeVarint(bytes: Buffer, value: number, at: number): number {
  let position = at
  if (value >= -BITS_31 && value <= BITS_31) {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0
    while (rest >= 0x80) {
      bytes[position++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[position++] = rest
    return position
  }
  let rest = zigzagWide(value)
  while (rest >= 0x80) {
    bytes[position++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  bytes[position++] = rest
  return position
}

function zigzagWide(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1
}
