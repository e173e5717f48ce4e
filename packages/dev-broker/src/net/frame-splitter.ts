import { MalformedRequestError } from '../protocol/reader.ts'

/** Kafka's `socket.request.max.bytes`. */
export const MAX_FRAME_BYTES = 104_857_600
const LENGTH_PREFIX_BYTES = 4

/** Cuts a byte stream into length-prefixed frames. Holds no more than was received, whatever a length prefix claims. */
export class FrameSplitter {
  #chunks: Buffer[] = []
  #heldBytes = 0
  #neededBytes = LENGTH_PREFIX_BYTES

  /** The frames that `chunk` completes, without their prefix: views where a frame lies in one chunk. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes < this.#neededBytes) return []
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#heldBytes)
    const frames: Buffer[] = []
    this.#neededBytes = LENGTH_PREFIX_BYTES
    while (rest.length >= LENGTH_PREFIX_BYTES) {
      const length = rest.readInt32BE(0)
      if (length < 0 || length > MAX_FRAME_BYTES)
        throw new MalformedRequestError(`a frame of ${length} bytes, at most ${MAX_FRAME_BYTES}`)
      const end = LENGTH_PREFIX_BYTES + length
      if (rest.length < end) {
        this.#neededBytes = end
        break
      }
      frames.push(rest.subarray(LENGTH_PREFIX_BYTES, end))
      rest = rest.subarray(end)
    }
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#heldBytes = rest.length
    return frames
  }
}
