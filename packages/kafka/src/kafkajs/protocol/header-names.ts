/** Users may write any names; what is kept of them is bounded. */
const MAX_NAMES = 1_000

const names = new Map<string, Buffer>()

/** The bytes of a header's name: a few names are written over and over. */
export function headerName(name: string): Buffer {
  let bytes = names.get(name)
  if (bytes === undefined) {
    bytes = Buffer.from(name)
    if (names.size < MAX_NAMES) names.set(name, bytes)
  }
  return bytes
}
