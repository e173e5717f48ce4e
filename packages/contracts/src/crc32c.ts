const POLYNOMIAL = 0x82f63b78 // Castagnoli, reflected.

// Eight bytes a step ("slicing by 8"): TABLES[k * 256 + b] is the remainder of byte b followed by k zero bytes.
const TABLES: Int32Array = buildTables()

/** CRC-32C (Castagnoli) of the parts in order, as one unsigned 32-bit number. Parts are not delimited. */
export function crc32c(...parts: readonly Uint8Array[]): number {
  let crc = -1
  for (const part of parts) crc = update(crc, part)
  return ~crc >>> 0
}

function update(start: number, bytes: Uint8Array): number {
  let crc = start
  let at = 0
  for (const whole = bytes.length - 7; at < whole; at += 8) {
    crc ^= u8(bytes, at) | (u8(bytes, at + 1) << 8) | (u8(bytes, at + 2) << 16) | (u8(bytes, at + 3) << 24)
    crc =
      entry(7, crc & 255) ^
      entry(6, (crc >>> 8) & 255) ^
      entry(5, (crc >>> 16) & 255) ^
      entry(4, crc >>> 24) ^
      entry(3, u8(bytes, at + 4)) ^
      entry(2, u8(bytes, at + 5)) ^
      entry(1, u8(bytes, at + 6)) ^
      entry(0, u8(bytes, at + 7))
  }
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ entry(0, (crc ^ u8(bytes, at)) & 255)
  return crc
}

function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] as number
}

function entry(zeroBytes: number, byte: number): number {
  return TABLES[zeroBytes * 256 + byte] as number
}

function buildTables(): Int32Array {
  const tables = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    tables[byte] = crc
  }
  for (let at = 256; at < tables.length; at += 1) {
    const shorter = tables[at - 256] as number
    tables[at] = (shorter >>> 8) ^ (tables[shorter & 255] as number)
  }
  return tables
}
