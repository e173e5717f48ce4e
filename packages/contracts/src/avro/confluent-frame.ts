// Confluent wire format: 0x00, schema id as u32 big-endian, Avro binary.
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format

/** Bytes before the Avro body. */
export const FRAME_BYTES = 5
const MAGIC = 0

export interface Frame {
  readonly schemaId: number
  /** A view on the value, not a copy. */
  readonly body: Buffer
}

export function frame(schemaId: number, body: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(FRAME_BYTES + body.length)
  writeFrameHeader(framed, schemaId)
  framed.set(body, FRAME_BYTES)
  return framed
}

/** Null when the value is not in the Confluent wire format. */
export function unframe(value: Buffer): Frame | null {
  const schemaId = framedSchemaId(value)
  return schemaId === null ? null : { schemaId, body: value.subarray(FRAME_BYTES) }
}

export function writeFrameHeader(target: Buffer, schemaId: number): void {
  target[0] = MAGIC
  target.writeUInt32BE(schemaId, 1)
}

/** The schema id in front of a value, or null when the value is not in the Confluent wire format. */
export function framedSchemaId(value: Buffer): number | null {
  return value.length < FRAME_BYTES || value[0] !== MAGIC ? null : value.readUInt32BE(1)
}
