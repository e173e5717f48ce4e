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

const POLL_MS = 20

/** Reads what a group commits, again and again, as anybody may. */
export class CommitWatch implements AsyncDisposable {
  /** In the order they were made; only what differs from the one before it of the same partition. */
  readonly observations: Observation[] = []
  readonly #stop = new AbortController()
  readonly #watching: Promise<void>

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

  /** Commits that went back. */
  regressions(): readonly string[] {
    const latest = new Map<number, number>()
    const found: string[] = []
    for (const { tp, next } of this.observations) {
      const before = latest.get(tp.partition) ?? 0
      if (next < before) found.push(`partition ${tp.partition} went from ${before} back to ${next}`)
      latest.set(tp.partition, next)
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
      const committed = await admin.committed(groupId, tps)
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
export function saysFinished({ next, note }: Pick<Observation, 'next' | 'note'>, offset: number): boolean {
  if (offset < next) return true
  return note !== null && offset < note.end && !note.unfinished.some((listed) => listed.offset === offset)
}
