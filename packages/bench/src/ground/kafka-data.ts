import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'

/** A file system in memory, which Linux has for everybody. */
const MEMORY = '/dev/shm'
/** Several times what the largest bench writes. In containers it often has 64 MiB. */
const ROOM_BYTES = 8 * 1024 ** 3

/**
 * The folder in which a Kafka that a bench starts keeps its log: in memory where there is room, as Redis and the dev
 * broker have theirs, for what is compared is clients. Else among temporary files.
 */
export async function kafkaDataFolder(memory: string = MEMORY, roomBytes: number = ROOM_BYTES): Promise<string> {
  const room = await statfs(memory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => -1,
  )
  return room >= roomBytes ? memory : tmpdir()
}
