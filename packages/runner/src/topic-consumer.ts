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
import { HistoryLookUp } from './history-look-up.ts'
import { IntakeGate, type PauseCause } from './intake-gate.ts'
import { Partition, type PartitionContext } from './partition.ts'
import { type HistoryVerdict, LaterBase, needsHistory, type PartitionHistory } from './partition-history.ts'
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

/** A partition that is held, and what it was made of. */
interface Held {
  readonly assignment: FreshAssignment
  readonly partition: Partition
  readonly gate: IntakeGate
}

const TIER_MAX_WAIT_MS = 1_000
const MAX_WAIT_MS = 250

/** One consumer group on one topic: makes a {@link Partition} per assignment, drops it when it is lost, commits. */
export class TopicConsumer implements ConsumerHandlers {
  readonly topic: string
  readonly #context: TopicConsumerContext
  readonly #port: ConsumerPort
  readonly #held = new Map<PartitionId, Held>()
  readonly #historyLookUp: HistoryLookUp
  readonly #committer: Committer
  #standing = new Set<PauseCause>()
  #memberId: string | null = null

  constructor(context: TopicConsumerContext) {
    const { source, driver, options, clock, log, history } = context
    this.topic = source.topic
    this.#context = context
    this.#port = driver.consumer({
      topic: source.topic,
      groupId: groupIdOf(source.topic),
      sessionTimeoutMs: options.sessionTimeoutMs,
      maxWaitMs: source.kind === 'tier' ? TIER_MAX_WAIT_MS : MAX_WAIT_MS,
    })
    this.#historyLookUp = new HistoryLookUp({
      groupId: groupIdOf(source.topic),
      history,
      clock,
      log,
      isHeld: (assignment) => this.#heldOf(assignment.tp)?.assignment === assignment,
      onVerdict: (tp, verdict) => this.#begin(tp, verdict),
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
      partitions: () => this.partitions,
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
    return [...this.#held.values()].map(({ partition }) => partition)
  }

  liveness(): { readonly proofAgeMs: number; readonly fetchAgeMs: number } {
    return this.#port.liveness()
  }

  /** Pauses or resumes every partition, those assigned later included. */
  setCause(cause: PauseCause, on: boolean): void {
    if (on) this.#standing.add(cause)
    else this.#standing.delete(cause)
    for (const { gate } of this.#held.values()) gate.set(cause, on)
  }

  beginDrain(): void {
    this.setCause('draining', true)
    for (const partition of this.partitions) partition.beginDrain()
  }

  interruptRunning(): void {
    for (const partition of this.partitions) partition.interruptRunning()
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
    this.#historyLookUp.start(assignments.filter(needsHistory))
    return bases
  }

  onLost(partitions: readonly TopicPartition[], cause: LossCause): void {
    for (const tp of partitions) {
      const interrupted = this.#partitionOf(tp)?.lose() ?? 0
      this.#held.delete(partitionId(tp))
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
    this.#held.set(partitionId(tp), { assignment, partition, gate })
    for (const cause of this.#standing) gate.set(cause, true)
    gate.set('assigning', needsHistory(assignment))
    gate.set('full', this.#context.admission.isFull)
    const { wasHandedOverClean: clean, unfinishedCount: unfinished } = partition
    this.#context.events.emit('partition:assigned', { ...tp, base, clean, unfinished })
    if (partition.isDirty) this.#committer.wake()
    return base
  }

  #partitionOf(tp: TopicPartition): Partition | undefined {
    return this.#heldOf(tp)?.partition
  }

  #heldOf(tp: TopicPartition): Held | undefined {
    return this.#held.get(partitionId(tp))
  }

  #begin(tp: TopicPartition, verdict: HistoryVerdict): void {
    if (verdict === 'other-log') this.#startOver(tp)
    else if (verdict instanceof LaterBase)
      this.#assignAgain(tp, { committed: verdict.base, metadata: verdict.metadata })
    else if (verdict === 'begin') {
      const held = this.#heldOf(tp)
      held?.partition.begin()
      held?.gate.set('assigning', false)
    } else this.#context.onExpired(verdict)
  }

  /** Its log is not the one that was committed: all of it is run. Returns where it begins. */
  #startOver(tp: TopicPartition): number {
    const former = this.#heldOf(tp)?.assignment
    if (former === undefined) return 0
    this.#context.log.error({ ...tp, committed: former.committed }, 'another log was committed: all of this one is run')
    this.#context.history.forget(groupIdOf(this.topic), tp)
    return this.#assignAgain(tp, { committed: null, metadata: '' })
  }

  /** As if something else had been committed. Returns where it begins. */
  #assignAgain(tp: TopicPartition, start: Pick<FreshAssignment, 'committed' | 'metadata'>): number {
    const former = this.#heldOf(tp)?.assignment
    if (former === undefined) return 0
    this.onLost([tp], 'rebalance')
    this.#port.resume([tp]) // Its gate went with it.
    const assignment = { ...former, ...start }
    const base = this.#assign(assignment)
    this.#port.seek(tp, base)
    this.#historyLookUp.start([assignment].filter(needsHistory))
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

  async #remember(tp: TopicPartition, record: KafkaRecord, how: 'first' | 'again'): Promise<void> {
    try {
      await this.#context.history.remember(groupIdOf(this.topic), tp, record, how)
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
      remember: (record, how) => this.#remember(tp, record, how),
      onReady: (partition) => scheduler.ready(partition),
      onDirty: () => this.#committer.wake(),
    }
  }
}

function permitKindOf(source: ConsumedTopic): PermitKind {
  return source.kind === 'replay' ? 'replay' : 'live'
}
