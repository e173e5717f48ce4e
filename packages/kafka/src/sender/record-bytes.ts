import type { OutgoingRecord } from '../ports/record.ts'

/** What a record costs beside its key, value and headers: framing on the wire, bookkeeping in memory. */
const OVERHEAD_BYTES = 128

type HeaderValue = OutgoingRecord['headers'][string]

/** About how much memory a record takes until it is acknowledged; never less than its key, value and headers. */
export function outgoingBytes(record: OutgoingRecord): number {
  let bytes = OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0)
  for (const name in record.headers) bytes += Buffer.byteLength(name) + headerBytes(record.headers[name] ?? null)
  return bytes
}

function headerBytes(value: HeaderValue): number {
  if (value === null) return 0
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Buffer.isBuffer(value)) return value.length
  return (value as readonly (Buffer | string | null)[]).reduce((sum, item) => sum + headerBytes(item), 0)
}
