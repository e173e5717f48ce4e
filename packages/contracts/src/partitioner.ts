const SEED = 0x9747b28c
const M = 0x5bd1e995
const R = 24

/** MurmurHash2 as Kafka's Java clients compute it (`org.apache.kafka.common.utils.Utils.murmur2`): a signed 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let hash = SEED ^ length
  const tail = length & ~3
  for (let at = 0; at < tail; at += 4) {
    let word = byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24)
    word = Math.imul(word, M)
    word = Math.imul(word ^ (word >>> R), M)
    hash = Math.imul(hash, M) ^ word
  }
  const rest = length & 3
  if (rest === 3) hash ^= byte(bytes, tail + 2) << 16
  if (rest >= 2) hash ^= byte(bytes, tail + 1) << 8
  if (rest >= 1) hash = Math.imul(hash ^ byte(bytes, tail), M)
  hash = Math.imul(hash ^ (hash >>> 13), M)
  return hash ^ (hash >>> 15)
}

/**
 * The partition a key belongs to, as Java's default partitioner and kafkajs's place it. librdkafka agrees only with
 * `partitioner=murmur2_random`; with another, one key is spread over two partitions and its order is lost.
 */
export function partitionFor(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number
}
