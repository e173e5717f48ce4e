import { AssignedReading } from '../../consuming/assigned-reading.ts'
import type { ResolvedConsumerOptions } from '../../consuming/consumer-defaults.ts'
import { type CommitAttempt, GroupCommits } from '../../consuming/group-commits.ts'
import type { RunningConsumer } from '../../consuming/group-consumer.ts'
import type { Membership } from '../../consuming/membership.ts'
import { Session } from '../../consuming/session.ts'
import type { CommitEntry, ConsumerHandlers, FreshAssignment, Liveness } from '../../ports/consumer-port.ts'
import { consumerFailed, consumerStoppedEarly } from '../../ports/port-errors.ts'
import type { TopicPartition } from '../../ports/record.ts'
import { errorTypeOf, isPassing } from '../broker/broker-error.ts'
import { FetchTurns } from './fetch-turns.ts'
import { GroupMember } from './group-member.ts'
import type { ClusterState, Link } from './link.ts'

/** `joining` for the first time → `running` → `failed`; `stopped` from any of them. A later join is part of `running`. */
type Phase = 'joining' | 'running' | 'failed' | 'stopped'

const LOAD_WAIT_MS = 50

/** A consumer between its start and its stop: its member, what it reads and what it commits. */
export class GroupRun implements RunningConsumer {
  readonly reading: AssignedReading
  readonly commits: GroupCommits
  readonly #link: Link
  readonly #cluster: ClusterState
  readonly #options: ResolvedConsumerOptions
  readonly #handlers: ConsumerHandlers
  readonly #session: Session
  readonly #turns: FetchTurns
  readonly #member: GroupMember
  /** Settled by the first join, or by what made it impossible. */
  readonly #firstJoin = Promise.withResolvers<void>()
  #phase: Phase = 'joining'

  constructor(link: Link, cluster: ClusterState, options: ResolvedConsumerOptions, handlers: ConsumerHandlers) {
    this.#link = link
    this.#cluster = cluster
    this.#options = options
    this.#handlers = handlers
    this.#session = new Session(link.clock)
    this.#turns = this.#makeTurns()
    this.reading = new AssignedReading({
      ...options,
      standing: {
        fresh: (tps, isWanted) => this.#load(() => this.#fresh(tps), isWanted),
        bounds: (tp, isWanted) => this.#load(() => this.#bounds(tp), isWanted),
      },
      loop: this.#turns,
      handlers,
      clock: link.clock,
      onDefect: (error) => this.#fail(error),
    })
    this.#member = this.#makeMember()
    this.commits = new GroupCommits({ clock: link.clock, send: (member, entries) => this.#send(member, entries) })
  }

  async join(): Promise<void> {
    void this.#member.run()
    await this.#firstJoin.promise
    if (!this.#isLive()) throw consumerStoppedEarly()
    void this.#turns.run()
  }

  liveness(): Liveness {
    const { proofAgeMs, fetchAgeMs } = this.#session.liveness()
    const waitingAtMs = this.#turns.fetchedAtMs()
    if (waitingAtMs === null) return { proofAgeMs, fetchAgeMs }
    return { proofAgeMs, fetchAgeMs: Math.min(fetchAgeMs, this.#link.clock.monotonicMs() - waitingAtMs) }
  }

  async stop(): Promise<void> {
    if (this.#phase === 'failed') return
    this.#phase = 'stopped'
    this.#session.end()
    this.reading.lose('stopped')
    this.#turns.end()
    this.#firstJoin.promise.catch(() => undefined)
    await this.#member.leave()
    this.#firstJoin.reject(consumerStoppedEarly())
  }

  #makeTurns(): FetchTurns {
    return new FetchTurns({
      link: this.#link,
      cluster: this.#cluster,
      session: this.#session,
      maxBytes: this.#options.maxBytes,
      reading: () => this.reading,
      deliver: (work) => this.#guarded(work),
      isLive: () => this.#isLive(),
      onFailure: (error) => this.#fail(error),
    })
  }

  #makeMember(): GroupMember {
    return new GroupMember({
      link: this.#link,
      cluster: this.#cluster,
      options: this.#options,
      session: this.#session,
      holding: () => ({
        generation: this.reading.membership?.generation ?? -1,
        owned: this.reading.assigned().map(({ partition }) => partition),
      }),
      isLive: () => this.#isLive(),
      onJoining: () => this.#turns.hold(true),
      onMember: (memberId) => this.#guarded(() => this.#handlers.onMember(memberId)),
      onJoined: (member, partitions) => this.#joined(member, partitions),
      onProof: () => this.#guarded(() => this.#handlers.onProof()),
      onExpelled: () => this.#lostMembership(),
      onFailure: (error) => this.#fail(error),
    })
  }

  #joined(member: Membership, partitions: readonly number[]): void {
    this.#firstJoin.resolve()
    this.#phase = 'running'
    this.#guarded(() => {
      this.reading.join(member, partitions)
      this.#handlers.onProof()
    })
    this.#turns.hold(false)
  }

  async #send(member: Membership, entries: readonly CommitEntry[]): Promise<CommitAttempt> {
    const sentAtMs = this.#link.clock.monotonicMs()
    const { groupId } = this.#options
    try {
      await this.#link.call('OffsetCommit', () => this.#cluster.coordinator.commit(groupId, member, entries))
      this.#member.proved(member, sentAtMs) // a commit renews the session too
      return 'stored'
    } catch (error) {
      switch (errorTypeOf(error)) {
        case 'UNKNOWN_MEMBER_ID':
          this.#member.expelled(member)
          return 'expelled'
        case 'ILLEGAL_GENERATION':
        case 'REBALANCE_IN_PROGRESS':
          return 'fenced'
        case 'NO_ANSWER':
          return 'unanswered'
        default:
          return isPassing(error) ? 'not-stored' : 'refused'
      }
    }
  }

  #fresh(tps: readonly TopicPartition[]): Promise<readonly FreshAssignment[]> {
    const { coordinator, topics } = this.#cluster
    return this.#link.call('OffsetFetch', () =>
      coordinator.committed(this.#options.groupId, tps).map(({ tp, next, metadata }) => {
        const { low, high } = topics.log(tp)
        return { tp, committed: next, metadata, logStart: low, logEnd: high }
      }),
    )
  }

  #bounds(tp: TopicPartition): Promise<{ readonly low: number; readonly high: number }> {
    return this.#link.call('ListOffsets', () => {
      const { low, high } = this.#cluster.topics.log(tp)
      return { low, high }
    })
  }

  async #load<T>(load: () => Promise<T>, isWanted: () => boolean): Promise<T | null> {
    while (isWanted()) {
      try {
        return await load()
      } catch {
        await this.#link.wait(LOAD_WAIT_MS)
      }
    }
    return null
  }

  #lostMembership(): void {
    this.#session.end()
    this.#guarded(() => this.reading.lose('membership'))
  }

  #fail(cause: unknown): void {
    if (!this.#isLive()) return
    const hadJoined = this.#phase === 'running'
    this.#phase = 'failed'
    this.#lostMembership()
    this.#turns.end()
    void this.#member.leave()
    const error = consumerFailed(this.#options.groupId, cause)
    if (hadJoined) this.#handlers.onFatal(error)
    else this.#firstJoin.reject(error)
  }

  /** Handlers must not throw; one that does ends the consumer, since what it was told is no longer what it knows. */
  #guarded(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#fail(error)
    }
  }

  #isLive(): boolean {
    return this.#phase === 'joining' || this.#phase === 'running'
  }
}
