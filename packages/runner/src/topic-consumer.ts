import {
  type Clock,
  groupIdOf,
  type Logger,
  type Ordering,
  type TaskEnvelope,
  type TowlineError,
} from '@towline/contracts'
import {
  type ConsumerHandlers,
  type ConsumerPort,
  type FreshAssignment,
  type KafkaDriver,
  type KafkaRecord,
  type LossCause,
  type PartitionId,
  partitionId,
  type RecordsVerdict,
  type TopicPartition,
} from '@towline/kafka'
import type { Admission, PermitKind } from './admission.ts'
import type { AgentScheduler } from './agent-scheduler.ts'
import { Committer } from './committer.ts'
import { IntakeGate, type PauseCause } from './intake-gate.ts'
import { Partition, type PartitionContext } from './partition.ts'
import { type HistoryVerdict, needsHistory, type PartitionHistory } from './partition-history.ts'
import { type LostRange, startOf } from './partition-start.ts'
import type { RunnerEvents } from './runner-events.ts'
import type { ResolvedRunnerOptions } from './runner-options.ts'
import { TierGate } from './tier-gate.ts'

/** Which topic of an agent a consumer reads. A tier is the same class with a not-due gate. */
export type ConsumedTopic =
  | { readonly kind: 'tasks'; readonly topic: string }
  | { readonly kind: 'replay'; readonly topic: string }
  | { readonly kind: 'tier'; readonly topic: string; readonly tierMs: number }

export interface TopicConsumerContext {
  readonly source: ConsumedTopic
  readonly driver: KafkaDriver
  readonly ordering: Ordering
  readonly admission: Admission
  readonly scheduler: AgentScheduler
  readonly clock: Clock
  readonly log: Logger
  readonly options: ResolvedRunnerOptions
  readonly events: RunnerEvents
  /** Idempotent tasks below `base`, from the log. */
  finishedBelow(tp: TopicPartition, base: number): Promise<readonly TaskEnvelope[]>
  readonly history: PartitionHistory
  /** Records `[from, to)` were deleted before they were run; at most `records` of them were unfinished tasks. */
  onDataLost(tp: TopicPartition, lost: LostRange): void
  /** Offsets have expired (D13): nothing was begun there, and nothing may be. */
  onExpired(error: TowlineError): void
  /** Guards of held outcomes answer differently now: a proof arrived, or partitions were lost. */
  onGuardsChanged(): void
  /** The consumer is dead and will not come back by itself. */
  onDead(because: string): void
}

/** A fresh assignment, and the partition that was made of it. */
interface Held {
  readonly assignment: FreshAssignment
  readonly partition: Partition | undefined
}

/** How long the look-up of markers waits before it is repeated. */
const HISTORY_RETRY_MS = 1_000
const TIER_MAX_WAIT_MS = 1_000
const MAX_WAIT_MS = 250

/** One consumer group on one topic: makes a {@link Partition} per assignment, drops it when it is lost, commits. */
export class TopicConsumer implements ConsumerHandlers {
  readonly topic: string
  readonly #context: TopicConsumerContext
  readonly #port: ConsumerPort
  readonly #partitions = new Map<PartitionId, Partition>()
  readonly #gates = new Map<PartitionId, IntakeGate>()
  readonly #assignments = new Map<PartitionId, FreshAssignment>()
  readonly #committer: Committer
  #standing = new Set<PauseCause>()
  #memberId: string | null = null

  constructor(context: TopicConsumerContext) {
    const { source, driver, options, clock } = context
    this.topic = source.topic
    this.#context = context
    this.#port = driver.consumer({
      topic: source.topic,
      groupId: groupIdOf(source.topic),
      sessionTimeoutMs: options.sessionTimeoutMs,
      maxWaitMs: source.kind === 'tier' ? TIER_MAX_WAIT_MS : MAX_WAIT_MS,
    })
    this.#committer = new Committer({
      target: {
        commit: (entries, deadlineMs) => this.#port.commit(entries, deadlineMs),
        memberId: () => this.#port.memberId(),
        fetchAgeMs: () => this.#port.liveness().fetchAgeMs,
      },
      clock,
      intervalMs: options.commitIntervalMs,
      sessionTimeoutMs: options.sessionTimeoutMs,
      partitions: () => this.#partitions.values(),
      onResult: (result, partitions, durationMs) => {
        if (result === 'confirmed')
          context.events.emit('commit:confirmed', { topic: this.topic, partitions, durationMs })
        else context.events.emit('commit:failed', { topic: this.topic, result })
      },
    })
  }

  /** Resolves when the group was joined. */
  async start(): Promise<void> {
    await this.#port.start(this)
  }

  get partitions(): readonly Partition[] {
    return [...this.#partitions.values()]
  }

  liveness(): { readonly proofAgeMs: number; readonly fetchAgeMs: number } {
    return this.#port.liveness()
  }

  /** Pauses or resumes every partition, those assigned later included. */
  setCause(cause: PauseCause, on: boolean): void {
    if (on) this.#standing.add(cause)
    else this.#standing.delete(cause)
    for (const gate of this.#gates.values()) gate.set(cause, on)
  }

  beginDrain(): void {
    this.setCause('draining', true)
    for (const partition of this.#partitions.values()) partition.beginDrain()
  }

  interruptRunning(): void {
    for (const partition of this.#partitions.values()) partition.interruptRunning()
  }

  /** The final commit, then leaves the group. Idempotent. */
  async finish(): Promise<void> {
    const result = await this.#committer.finish()
    if (result !== 'confirmed')
      this.#context.log.warn({ topic: this.topic, result }, 'the last commit was not confirmed')
    await this.#port.stop()
  }

  /** Gives everything up without a commit. */
  async abandon(): Promise<void> {
    this.#committer.stop()
    await this.#port.stop()
  }

  onAssigned(assignments: readonly FreshAssignment[]): readonly number[] {
    const bases = assignments.map((assignment) => this.#assign(assignment))
    const unknown = assignments.filter(needsHistory)
    if (unknown.length > 0) this.#lookUpHistory(unknown)
    return bases
  }

  onLost(partitions: readonly TopicPartition[], cause: LossCause): void {
    for (const tp of partitions) {
      const id = partitionId(tp)
      const interrupted = this.#partitions.get(id)?.lose() ?? 0
      this.#partitions.delete(id)
      this.#gates.delete(id)
      this.#assignments.delete(id)
      this.#context.events.emit('partition:lost', { ...tp, cause, interrupted })
    }
    this.#context.scheduler.partitionsLost()
    this.#context.onGuardsChanged()
  }

  onRecords(tp: TopicPartition, records: readonly KafkaRecord[], next: number): RecordsVerdict {
    const verdict = this.#partitionOf(tp)?.onRecords(records, next) ?? { kind: 'taken' }
    return verdict.kind === 'other-log' ? { kind: 'refused', resumeAt: this.#startOver(tp) } : verdict
  }

  onDataLost(tp: TopicPartition, from: number, to: number): void {
    const partition = this.#partitionOf(tp)
    const finished = partition?.finishedWithin(from, to) ?? 0
    partition?.onDataLost(to)
    this.#context.onDataLost(tp, { from, to, records: to - from - finished })
  }

  onMember(memberId: string | null): void {
    const groupId = groupIdOf(this.topic)
    const { events } = this.#context
    if (this.#memberId !== null) events.emit('member:left', { groupId, memberId: this.#memberId })
    if (memberId !== null) events.emit('member:joining', { groupId, memberId })
    this.#memberId = memberId
  }

  onProof(): void {
    this.#context.scheduler.wake()
    this.#context.onGuardsChanged()
  }

  onFatal(error: Error): void {
    this.#context.log.error({ err: error, topic: this.topic }, 'the consumer died')
    this.#context.onDead(error.message)
  }

  #assign(assignment: FreshAssignment): number {
    const { tp } = assignment
    const base = this.#baseOf(assignment)
    const gate = this.#gateOf(tp)
    const partition = new Partition(assignment, base, this.#partitionContext(tp, gate))
    this.#partitions.set(partitionId(tp), partition)
    this.#gates.set(partitionId(tp), gate)
    this.#assignments.set(partitionId(tp), assignment)
    for (const cause of this.#standing) gate.set(cause, true)
    gate.set('assigning', needsHistory(assignment))
    gate.set('full', this.#context.admission.isFull)
    const { wasHandedOverClean: clean, unfinishedCount: unfinished } = partition
    this.#context.events.emit('partition:assigned', { ...tp, base, clean, unfinished })
    if (partition.isDirty) this.#committer.wake()
    return base
  }

  /** Partitions whose history matters wait, paused, until it is looked up. */
  #lookUpHistory(assignments: readonly FreshAssignment[]): void {
    const held = assignments.map((assignment) => ({ assignment, partition: this.#partitionOf(assignment.tp) }))
    void this.#judge(held)
  }

  async #judge(held: readonly Held[]): Promise<void> {
    const { history, clock, log } = this.#context
    const isHeld = ({ assignment, partition }: Held): boolean => this.#partitionOf(assignment.tp) === partition
    try {
      const assignments = held.map(({ assignment }) => assignment)
      const verdicts = await history.judge(groupIdOf(this.topic), assignments)
      for (const [at, each] of held.entries()) {
        if (isHeld(each)) this.#begin(each.assignment.tp, verdicts[at] ?? 'begin')
      }
    } catch (error) {
      log.warn({ err: error, topic: this.topic }, 'cannot look up what its group finished; trying again')
      clock.after(HISTORY_RETRY_MS, () => {
        const stillHeld = held.filter(isHeld)
        if (stillHeld.length > 0) void this.#judge(stillHeld)
      })
    }
  }

  #partitionOf(tp: TopicPartition): Partition | undefined {
    return this.#partitions.get(partitionId(tp))
  }

  #begin(tp: TopicPartition, verdict: HistoryVerdict): void {
    if (verdict === 'other-log') this.#startOver(tp)
    else if (verdict === 'begin') {
      this.#partitionOf(tp)?.begin()
      this.#gates.get(partitionId(tp))?.set('assigning', false)
    } else this.#context.onExpired(verdict)
  }

  /** Its log is not the one that was committed: all of it is run. Returns where it begins. */
  #startOver(tp: TopicPartition): number {
    const former = this.#assignments.get(partitionId(tp))
    if (former === undefined) return 0
    this.#context.log.error({ ...tp, committed: former.committed }, 'another log was committed: all of this one is run')
    this.#context.history.forget(groupIdOf(this.topic), tp)
    this.onLost([tp], 'rebalance')
    const assignment = { ...former, committed: null, metadata: '' }
    const base = this.#assign(assignment)
    this.#port.seek(tp, base)
    if (needsHistory(assignment)) this.#lookUpHistory([assignment])
    return base
  }

  #baseOf(assignment: FreshAssignment): number {
    const { tp, committed, logEnd } = assignment
    const { base, lost, isOtherLog } = startOf(assignment)
    if (isOtherLog) {
      this.#context.log.error({ ...tp, committed, logEnd }, 'the log ends before what was committed: all of it is run')
    }
    // Nor is a marker of a log that never held a record: the next one that finishes leaves a new one.
    if (isOtherLog || logEnd === 0) this.#context.history.forget(groupIdOf(this.topic), tp)
    if (lost !== null) this.#context.onDataLost(tp, lost)
    return base
  }

  async #remember(tp: TopicPartition, record: KafkaRecord): Promise<void> {
    try {
      await this.#context.history.remember(groupIdOf(this.topic), tp, record)
    } catch (error) {
      this.#context.log.warn({ ...tp, err: error }, 'cannot write down that tasks of the partition finished')
      throw error
    }
  }

  #gateOf(tp: TopicPartition): IntakeGate {
    const { events } = this.#context
    return new IntakeGate(
      (causes) => {
        this.#port.pause([tp])
        events.emit('partition:paused', { ...tp, causes })
      },
      () => {
        this.#port.resume([tp])
        events.emit('partition:resumed', tp)
      },
    )
  }

  #partitionContext(tp: TopicPartition, gate: IntakeGate): PartitionContext {
    const { source, clock, ordering, admission, scheduler, options } = this.#context
    return {
      clock,
      ordering,
      permitKind: permitKindOf(source),
      admission,
      maxInFlight: options.maxInFlight,
      dedupeCapacity: options.dedupeCapacity,
      idempotencyRecords: options.idempotencyRecords,
      gate,
      tierGate: source.kind === 'tier' ? new TierGate(source.tierMs, clock) : undefined,
      isTrusted: () => this.#port.liveness().proofAgeMs <= options.trustWindowMs,
      finishedBelow: (base) => this.#context.finishedBelow(tp, base),
      remember: (record) => this.#remember(tp, record),
      onReady: (partition) => scheduler.ready(partition),
      onDirty: () => this.#committer.wake(),
    }
  }
}

function permitKindOf(source: ConsumedTopic): PermitKind {
  return source.kind === 'replay' ? 'replay' : 'live'
}
