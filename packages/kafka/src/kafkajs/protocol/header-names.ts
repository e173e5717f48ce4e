/** Users may write any names; what is kept of them is bounded. */
const MAX_NAMES = 1_000

/** Longer names are read anew each time. */
const MAX_SEEN_BYTES = 64

const names = new Map<string, Buffer>()
/** By its length in bytes, the name that was last read of it. */
const seen: ({ readonly bytes: Buffer; readonly text: string } | undefined)[] = Array.from({ length: MAX_SEEN_BYTES })

/** The bytes of a header's name: a few names are written over and over. */
export function headerName(name: string): Buffer {
  let bytes = names.get(name)
  if (bytes === undefined) {
    bytes = Buffer.from(name)
    if (names.size < MAX_NAMES) names.set(name, bytes)
  }
  return bytes
}

/** The name at `bytes[from, to)`. One that is read again and again is made once. */
export function headerNameIn(bytes: Buffer, from: number, to: number): string {
  const known = seen[to - from]
  if (known !== undefined && isAt(known.bytes, bytes, from)) return known.text
  const text = bytes.toString('utf8', from, to)
  if (to - from < MAX_SEEN_BYTES && to <= bytes.length)
    seen[to - from] = { bytes: Buffer.from(bytes.subarray(from, to)), text }
  return text
}

function isAt(name: Buffer, bytes: Buffer, from: number): boolean {
  for (let at = 0; at < name.length; at += 1) if (bytes[from + at] !== name[at]) return false
  return true
}
