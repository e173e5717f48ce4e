/**
 * A copy of a plain value whose byte arrays are Buffers, the only bytes avsc writes; undefined when it holds none to
 * change. Throws RangeError on a ring.
 */
export function bytesAsBuffers(value: unknown): unknown {
  const seen = { bytes: false }
  const copy = copyOf(value, seen)
  return seen.bytes ? copy : undefined
}

function copyOf(value: unknown, seen: { bytes: boolean }): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  if (value instanceof Uint8Array) {
    seen.bytes = true
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  if (Array.isArray(value)) return value.map((item) => copyOf(item, seen))
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copyOf(part, seen)]))
}
