/** What a member of Towline's assigner tells the group's leader in its userData. */
export interface ClaimData {
  /** The generation in which `owned` was held; -1 when nothing is. */
  readonly generation: number
  /** How much the member can take, relative to others. 0 = not said; every member counts the same today. */
  readonly capacity: number
  readonly owned: readonly number[]
}

/** Version 1: u8 version · i32 generation · u16 capacity · i32 count · i32 partition … */
const VERSION = 1
const HEADER_BYTES = 11
const PARTITION_BYTES = 4

const NOTHING: ClaimData = { generation: -1, capacity: 0, owned: [] }

export function encodeClaim({ generation, capacity, owned }: ClaimData): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + owned.length * PARTITION_BYTES)
  bytes.writeUInt8(VERSION, 0)
  bytes.writeInt32BE(generation, 1)
  bytes.writeUInt16BE(capacity, 5)
  bytes.writeInt32BE(owned.length, 7)
  for (const [index, partition] of owned.entries())
    bytes.writeInt32BE(partition, HEADER_BYTES + index * PARTITION_BYTES)
  return bytes
}

/** A version we do not know, and bytes that do not fit, own nothing. Never throws. */
export function decodeClaim(bytes: Buffer | null): ClaimData {
  if (bytes === null || bytes.length < HEADER_BYTES || bytes.readUInt8(0) !== VERSION) return NOTHING
  const count = bytes.readInt32BE(7)
  if (count < 0 || bytes.length !== HEADER_BYTES + count * PARTITION_BYTES) return NOTHING
  return {
    generation: bytes.readInt32BE(1),
    capacity: bytes.readUInt16BE(5),
    owned: Array.from({ length: count }, (_, index) => bytes.readInt32BE(HEADER_BYTES + index * PARTITION_BYTES)),
  }
}
