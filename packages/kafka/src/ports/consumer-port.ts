import type { KafkaRecord, TopicPartition } from './record.ts'

export interface ConsumerOptions {
  /** One consumer reads one topic, in a group of its own. */
  readonly topic: string
  readonly groupId: string
  /** Default 6,000. */
  readonly sessionTimeoutMs?: number
  /** How soon a rebalance is noticed: what a take-over waits for once the dead member has left. Default 500. */
  readonly heartbeatIntervalMs?: number
  /** Default 10,000. */
  readonly rebalanceTimeoutMs?: number
  /** Longest the broker may hold an empty fetch, and longest an unpatched pause may echo. Default 250. */
  readonly maxWaitMs?: number
  /** Most bytes of one fetch of one broker, unless a batch is larger. Default 128 KiB: what was fetched and has not ended is copied by every garbage collection. */
  readonly maxBytes?: number
}

/** A partition that was not assigned to this consumer before, with what its group last committed for it. */
export interface FreshAssignment {
  readonly tp: TopicPartition
  /** The committed offset (= next to read), or null when none is stored. */
  readonly committed: number | null
  /** The commit metadata, or '' when none is stored. */
  readonly metadata: string
  /** Log start and log end offset when it was assigned. */
  readonly logStart: number
  readonly logEnd: number
}

/** `rebalance`: it is someone else's now, we are still a member. `membership`: we were expelled, or the consumer crashed. */
export type LossCause = 'rebalance' | 'membership' | 'stopped'

export interface ConsumerHandlers {
  /**
   * Fresh partitions, paused by the driver. The returned offset of each (by index) is where reading starts; then the
   * driver ends its own pause. Pauses asked for meanwhile by `pause()` hold on. Never called for kept partitions:
   * those read on from where they were, through any rebalance.
   */
  onAssigned(assignments: readonly FreshAssignment[]): readonly number[]
  /** Synchronous, before any record of the new generation is delivered. Nothing is committed for them any more. */
  onLost(partitions: readonly TopicPartition[], cause: LossCause): void
  /**
   * A fetched batch, whole, in offset order. Must not throw and must return at once. `next` is the offset after the
   * batch, gaps included. `refused` = read it again from `resumeAt` later: the driver pauses the partition and seeks
   * there; the owner resumes it. Records before `resumeAt` are taken.
   */
  onRecords(tp: TopicPartition, records: readonly KafkaRecord[], next: number): RecordsVerdict
  /** The log start passed the position we had: records `[from, to)` are gone. Reading goes on at `to`. */
  onDataLost(tp: TopicPartition, from: number, to: number): void
  /**
   * The id under which the group may count this consumer, told before the group is asked to count it; null once it has
   * left or was expelled. Whoever outlives this process can leave in its name by it.
   */
  onMember(memberId: string | null): void
  /** A proof of membership arrived; what was held for want of one may go on. */
  onProof(): void
  /** The consumer is dead and will not come back by itself. It holds no partitions any more. */
  onFatal(error: Error): void
}

export type RecordsVerdict = { readonly kind: 'taken' } | { readonly kind: 'refused'; readonly resumeAt: number }

export interface CommitEntry {
  readonly tp: TopicPartition
  /** The next offset to read (Kafka's committed offset). */
  readonly next: number
  readonly metadata: string
}

/**
 * `confirmed`: the broker answered that it stored it. `fenced`: the member or generation is not current; nothing was
 * stored. `unknown`: no answer by the deadline; it may have been stored.
 */
export type CommitResult = 'confirmed' | 'fenced' | 'unknown'

export interface Liveness {
  /**
   * Age of the proof of membership of the current generation, in monotonic milliseconds since the request it answers
   * was *sent* (heartbeat, commit or join). Infinity without membership.
   */
  readonly proofAgeMs: number
  /** Time since the last fetch turn, empty and all-paused turns included, or join. Infinity before the first. */
  readonly fetchAgeMs: number
}

/**
 * A member of one consumer group on one topic. Contract, proved by one suite on every driver and broker:
 *   C1. Records of a partition arrive in offset order, each once per assignment, unless refused or sought back.
 *   C2. A kept partition is neither re-read nor paused by a rebalance.
 *   C3. After `onLost` no record of the partition arrives and no commit for it is sent, until it is assigned again.
 *   C4. `commit` answers `confirmed` only for what the broker stored for the generation the call was made in.
 *   C5. `pause` holds through rebalances while assigned, and is forgotten when the partition is lost.
 *   C6. `stop` leaves the group; afterwards nothing is delivered and nothing is committed.
 */
export interface ConsumerPort {
  /** Resolves when the group was joined for the first time. */
  start(handlers: ConsumerHandlers): Promise<void>
  /** Idempotent; partitions not assigned are ignored. A batch already fetched may still be delivered once. */
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  /** Reads on from `offset`; ignored when the partition is not assigned. */
  seek(tp: TopicPartition, offset: number): void
  /** One call at a time. Entries of partitions not assigned are left out. Never rejects. */
  commit(entries: readonly CommitEntry[], deadlineMs: number): Promise<CommitResult>
  assigned(): readonly TopicPartition[]
  /** The member id of the current generation, or null. */
  memberId(): string | null
  liveness(): Liveness
  /** Leaves the group and closes every connection. Idempotent. Loses all partitions with cause `stopped`. */
  stop(): Promise<void>
}
