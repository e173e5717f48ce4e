import { TowlineError } from '@towline/contracts'
import type { CommitEntry, CommitResult, ConsumerHandlers, ConsumerPort, Liveness } from '../ports/consumer-port.ts'
import { consumerStoppedEarly } from '../ports/port-errors.ts'
import type { TopicPartition } from '../ports/record.ts'
import type { AssignedReading } from './assigned-reading.ts'
import type { GroupCommits } from './group-commits.ts'
import { isSame } from './membership.ts'

/** A driver's consumer between its start and its stop. */
export interface RunningConsumer {
  readonly reading: AssignedReading
  readonly commits: GroupCommits
  /** Resolves after the first join. @throws TowlineError TOWLINE_CONSUMER_FAILED when there will be none */
  join(): Promise<void>
  liveness(): Liveness
  stop(): Promise<void>
}

/** A topic that was found. Either `run` or `close` is called, once. */
export interface ReachedTopic {
  run(handlers: ConsumerHandlers): RunningConsumer
  close(): Promise<void>
}

const NOT_A_MEMBER: Liveness = { proofAgeMs: Number.POSITIVE_INFINITY, fetchAgeMs: Number.POSITIVE_INFINITY }

/** The consumer of every driver: started once, stopped for good. */
export class GroupConsumer implements ConsumerPort {
  readonly #reach: () => Promise<ReachedTopic>
  #isStarted = false
  #run: RunningConsumer | null = null
  #stopping: Promise<void> | null = null

  constructor(reach: () => Promise<ReachedTopic>) {
    this.#reach = reach
  }

  async start(handlers: ConsumerHandlers): Promise<void> {
    if (this.#isStarted) throw new TowlineError('TOWLINE_INTERNAL', 'a consumer is started once')
    this.#isStarted = true
    const topic = await this.#reach()
    if (this.#stopping !== null) {
      await topic.close()
      throw consumerStoppedEarly()
    }
    this.#run = topic.run(handlers)
    await this.#run.join()
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#run?.reading.pause(partitions)
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#run?.reading.resume(partitions)
  }

  seek(tp: TopicPartition, offset: number): void {
    this.#run?.reading.seek(tp, offset)
  }

  /** Commits what is held of the entries, in the name of the member and generation that hold it now (C4). */
  async commit(entries: readonly CommitEntry[], deadlineMs: number): Promise<CommitResult> {
    if (this.#run === null) return 'fenced'
    if (entries.length === 0) return 'confirmed'
    const { reading, commits } = this.#run
    const member = reading.membership
    const held = entries.filter((entry) => reading.holds(entry))
    if (member === null || held.length === 0) return 'fenced'
    const isCurrent = (): boolean => isSame(reading.membership, member) && held.every((entry) => reading.holds(entry))
    return await commits.commit({ member, entries: held, deadlineMs, isCurrent })
  }

  assigned(): readonly TopicPartition[] {
    return this.#run?.reading.assigned() ?? []
  }

  memberId(): string | null {
    return this.#run?.reading.membership?.memberId ?? null
  }

  liveness(): Liveness {
    return this.#run?.liveness() ?? NOT_A_MEMBER
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#run?.stop() ?? Promise.resolve()
    await this.#stopping
  }
}
