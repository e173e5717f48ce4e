import { setTimeout as sleep } from 'node:timers/promises'
import { type CommitNote, decodeCommitNote } from '@towline/contracts'
import type { AdminPort, CommittedOffset, TopicPartition } from '@towline/kafka'
import type { TestFleet } from './test-fleet.ts'

/** What a group had committed for a partition at some moment. */
export interface Observation {
  readonly tp: TopicPartition
  readonly atMs: number
  /** Next to read: everything below is finished. */
  readonly next: number
  readonly note: CommitNote | null
}

/** What a commit says of its partition. */
type Claim = Pick<Observation, 'next' | 'note'>

const POLL_MS = 20

/** Reads what a group commits, again and again, as anybody may. */
export class CommitWatch implements AsyncDisposable {
  /** In the order they were made; only what differs from the one before it of the same partition. */
  readonly observations: Observation[] = []
  readonly #stop = new AbortController()
  readonly #watching: Promise<void>
  #lastFailure: unknown = null

  private constructor(admin: AdminPort, groupId: string, tps: readonly TopicPartition[]) {
    this.#watching = this.#watch(admin, groupId, tps)
  }

  static async start(
    fleet: TestFleet,
    group: { readonly groupId: string; readonly topic: string; readonly partitions: number },
  ): Promise<CommitWatch> {
    const { groupId, topic, partitions } = group
    const tps = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
    return new CommitWatch(await fleet.fleet.admin(), groupId, tps)
  }

  /** Whether the last that was seen calls all of these finished. */
  covers(tasks: readonly (TopicPartition & { readonly offset: number })[]): boolean {
    return tasks.every(({ partition, offset }) => {
      const latest = this.observations.findLast(({ tp }) => tp.partition === partition)
      return latest !== undefined && saysFinished(latest, offset)
    })
  }

  /**
   * Commits that call less finished than one before them.
   *
   * @throws Error when no commit was seen at all
   */
  regressions(): readonly string[] {
    if (this.observations.length === 0) throw new Error('no commit was seen', { cause: this.#lastFailure })
    const latest = new Map<number, Observation>()
    const found: string[] = []
    for (const seen of this.observations) {
      const { partition } = seen.tp
      const before = latest.get(partition)
      const taken = before === undefined ? [] : takenBack(before, seen)
      if (taken.length > 0) {
        const first = taken.slice(0, 5).join(', ')
        found.push(`partition ${partition}: ${taken.length} finished before are not any more, the first ${first}`)
      }
      latest.set(partition, seen)
    }
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#watching
  }

  async #watch(admin: AdminPort, groupId: string, tps: readonly TopicPartition[]): Promise<void> {
    const last = new Map<number, string>()
    while (!this.#stop.signal.aborted) {
      const committed = await admin.committed(groupId, tps).catch((error: unknown) => {
        this.#lastFailure = error // Of an outage. What is back tells the rest.
        return []
      })
      const atMs = Date.now()
      for (const { tp, next, metadata } of committed) {
        if (next === null || last.get(tp.partition) === `${next} ${metadata}`) continue
        last.set(tp.partition, `${next} ${metadata}`)
        this.observations.push({ tp, atMs, next, note: noteOf({ next, metadata }) })
      }
      await sleep(POLL_MS)
    }
  }
}

/** The note of a committed offset, where it is one of ours and speaks of this offset. */
export function noteOf({ next, metadata }: Pick<CommittedOffset, 'next' | 'metadata'>): CommitNote | null {
  const note = decodeCommitNote(metadata)
  return note?.base === next ? note : null
}

/** Whether a commit says that this offset is finished. */
export function saysFinished({ next, note }: Claim, offset: number): boolean {
  if (offset < next) return true
  return note !== null && offset < note.end && !note.unfinished.some((listed) => listed.offset === offset)
}

/** Offsets that one commit calls finished and a later one does not. */
export function takenBack(before: Claim, after: Claim): readonly number[] {
  const end = before.note?.end ?? before.next
  return Array.from({ length: Math.max(0, end - after.next) }, (_, i) => after.next + i).filter(
    (offset) => saysFinished(before, offset) && !saysFinished(after, offset),
  )
}
