// CRC-32C (Castagnoli), eight bytes a step ("slice by 8"): the checksum of record batches, the one hot loop of produce.

const REVERSED_POLYNOMIAL = 0x82f63b78
const SLICES = 8
const TABLE: Uint32Array = buildTable()

function buildTable(): Uint32Array {
  const table = new Uint32Array(256 * SLICES)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REVERSED_POLYNOMIAL : crc >>> 1
    table[byte] = crc >>> 0
  }
  for (let at = 256; at < table.length; at++) {
    const previous = table[at - 256] as number
    table[at] = ((previous >>> 8) ^ (table[previous & 0xff] as number)) >>> 0
  }
  return table
}

/** The checksum of `bytes` from `start` to the end, as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array, start = 0): number {
  const table = TABLE
  const end = bytes.length
  const lastWholeStep = end - SLICES
  let crc = 0xffffffff
  let at = start
  for (; at <= lastWholeStep; at += SLICES) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    crc =
      (table[1792 + (crc & 0xff)] as number) ^
      (table[1536 + ((crc >>> 8) & 0xff)] as number) ^
      (table[1280 + ((crc >>> 16) & 0xff)] as number) ^
      (table[1024 + (crc >>> 24)] as number) ^
      (table[768 + (bytes[at + 4] as number)] as number) ^
      (table[512 + (bytes[at + 5] as number)] as number) ^
      (table[256 + (bytes[at + 6] as number)] as number) ^
      (table[bytes[at + 7] as number] as number)
  }
  for (; at < end; at++) crc = (table[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
