import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterClient } from '../cluster/cluster-client.ts'

const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 1_000

/** Loads what a partition cannot go on without, however often that fails; null as soon as nobody wants it any more. */
export async function loadUntil<T>(
  load: () => Promise<T>,
  isWanted: () => boolean,
  { context: { connection } }: ClusterClient,
): Promise<T | null> {
  for (let waitMs = FIRST_WAIT_MS; isWanted(); waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    try {
      return await load()
    } catch (error) {
      if (!isWanted()) return null
      connection.log?.warn({ err: error }, 'cannot load the offsets of an assigned partition yet')
      await sleep(waitMs)
    }
  }
  return null
}
