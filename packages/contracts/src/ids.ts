import { hash, randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

/** The namespace of every deterministic id of Towline. Never changes: ids in existing logs follow from it. */
export const ID_NAMESPACE = '8f6c1d4e-2b7a-4c53-9e0f-5a3d7b1c6e42'

const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const NAMESPACE_BYTES = Uint8Array.from(Buffer.from(ID_NAMESPACE.replaceAll('-', ''), 'hex'))

/** A new task id: UUIDv7, 36 lower-case characters. `nowMs` is epoch milliseconds, default the system's time. */
export function newTaskId(nowMs?: number): string {
  return nowMs === undefined ? v7() : v7({ msecs: nowMs, random: randomBytes() })
}

/** Whether `text` is an id as Towline writes them: any UUID of RFC 9562, 36 lower-case characters. */
export function isTaskId(text: string): boolean {
  return text.length === 36 && UUID_TEXT.test(text)
}

/** The moment a UUIDv7 was made, epoch milliseconds; null for any other id. It bounds every look-up of the task. */
export function taskIdTimeMs(taskId: string): number | null {
  if (taskId[14] !== '7' || !isTaskId(taskId)) return null
  return Number.parseInt(taskId.slice(0, 8) + taskId.slice(9, 13), 16)
}

/** The id of a record that came without one. */
export function idOfRecord(topic: string, partition: number, offset: number): string {
  return deterministicId('record', topic, partition, offset)
}

/**
 * The id of a task published with an idempotency key: the same call gives the same task.
 *
 * @param agent The agent type with its namespace, as topics begin.
 * @param tenant Undefined is the same as `''`.
 */
export function idOfKey(agent: string, tenant: string | undefined, idempotencyKey: string): string {
  return deterministicId('key', agent, tenant ?? '', idempotencyKey)
}

/** The id of a task published by a running one: a second attempt of the parent publishes the same. */
export function idOfChild(parentId: string, nameOrOrdinal: string | number): string {
  return deterministicId('child', parentId, nameOrOrdinal)
}

/** The id a record gets in a replay; publishing it again after a crash gives the same. */
export function idOfReplay(replayId: string, topic: string, partition: number, offset: number): string {
  return deterministicId('replay', replayId, topic, partition, offset)
}

/**
 * UUIDv5 (RFC 9562, section 5.5) of a JSON list in {@link ID_NAMESPACE}. Not uuid's `v5`: it makes a hash object of
 * every id, and a replay makes an id of every record (`bench:replay`). A test holds both against each other.
 */
function deterministicId(kind: string, ...parts: readonly (string | number)[]): string {
  const name = JSON.stringify([kind, ...parts.map(String)])
  const bytes = Buffer.allocUnsafe(NAMESPACE_BYTES.length + Buffer.byteLength(name))
  bytes.set(NAMESPACE_BYTES)
  bytes.write(name, NAMESPACE_BYTES.length)
  const sha1 = hash('sha1', bytes)
  const variant = '89ab'[Number.parseInt(sha1.charAt(16), 16) % 4]
  return `${sha1.slice(0, 8)}-${sha1.slice(8, 12)}-5${sha1.slice(13, 16)}-${variant}${sha1.slice(17, 20)}-${sha1.slice(20, 32)}`
}

// Asking the system for 16 bytes takes several times as long as all else about an id: ask for 256 ids at once.
const RANDOM_BYTES = 16
const randomPool: Buffer = Buffer.alloc(256 * RANDOM_BYTES)
let randomAt: number = randomPool.length

function randomBytes(): Uint8Array {
  if (randomAt === randomPool.length) {
    randomFillSync(randomPool)
    randomAt = 0
  }
  randomAt += RANDOM_BYTES
  return randomPool.subarray(randomAt - RANDOM_BYTES, randomAt)
}
