import {
  type Cancel,
  type Clock,
  type CommitNote,
  decodeCommitNote,
  encodeCommitNote,
  type Ordering,
  readEnvelope,
  type TaskEnvelope,
} from '@towline/contracts'
import type {
  CommitEntry,
  FreshAssignment,
  KafkaRecord,
  RecordsVerdict,
  SendGuard,
  TopicPartition,
} from '@towline/kafka'
import type { Admission, PermitKind } from './admission.ts'
import type { IntakeGate } from './intake-gate.ts'
import { Lanes } from './lanes.ts'
import { OffsetLedger } from './offset-ledger.ts'
import { needsHistory } from './partition-history.ts'
import { PartitionIntake } from './partition-intake.ts'
import { PartitionNote } from './partition-note.ts'
import { RepeatGuard } from './repeat-guard.ts'
import { type Interruptible, RunningSlots } from './running-slots.ts'
import { StartAllowance } from './start-allowance.ts'
import type { TaskSlot } from './task-slot.ts'
import type { TierGate } from './tier-gate.ts'

/** What a partition needs of the consumer and the agent it belongs to. */
export interface PartitionContext {
  readonly clock: Clock
  readonly ordering: Ordering
  readonly permitKind: PermitKind
  readonly admission: Admission
  readonly maxInFlight: number
  readonly dedupeCapacity: number
  readonly idempotencyRecords: number
  readonly gate: IntakeGate
  /** Set on the consumers of retry tiers. */
  readonly tierGate: TierGate | undefined
  /** The proof of membership is young enough to start attempts and write outcomes (D3). */
  isTrusted(): boolean
  finishedBelow(base: number): Promise<readonly TaskEnvelope[]>
  /** As {@link PartitionNoteContext.remember}. */
  remember(record: KafkaRecord, how: 'first' | 'again'): Promise<void>
  /** A lane turned ready. */
  onReady(partition: Partition): void
  /** What a commit would say has changed. */
  onDirty(): void
}

/**
 * Whether this owner may begin. `unknown`: what was finished before is being looked up; nothing is fetched, started or
 * committed meanwhile. `claiming`: attempts wait for the first confirmed commit (A4).
 */
type Claim = 'unknown' | 'claiming' | 'claimed'

/**
 * All state of one assigned partition: made at assignment, dropped when it is lost, never shared.
 *
 *   A1. After {@link lose} nothing it holds runs, writes or commits any more.
 *   A2. A task is in exactly one place: waiting in its lane, parked, or out (attempt or routing).
 *   A3. The base record must be the one the note taken over speaks of; else that note is void and all is run again.
 *   A4. Where nothing was ever committed, or the last owner left clean, attempts wait for the first confirmed commit: "no
 *       commit" means "never ran", and "clean" that nothing ran since.
 */
export class Partition {
  readonly tp: TopicPartition
  readonly permitKind: PermitKind
  readonly wasHandedOverClean: boolean
  readonly #context: PartitionContext
  readonly #intake: PartitionIntake
  readonly #repeats: RepeatGuard
  readonly #allowance: StartAllowance
  readonly #note: PartitionNote
  readonly #lanes = new Lanes<TaskSlot>()
  readonly #running = new RunningSlots()
  readonly #parked = new Map<TaskSlot, Cancel>()
  #awaitingLog: TaskSlot[] = []
  #ledger: OffsetLedger<TaskSlot>
  #cancelNotDue: Cancel | undefined
  #isLost = false
  readonly #claimAfter: Claim
  #claim: Claim
  #isDirty: boolean

  constructor(assignment: FreshAssignment, base: number, context: PartitionContext) {
    const note = noteAt(base, assignment)
    this.tp = assignment.tp
    this.permitKind = context.permitKind
    this.#context = context
    this.wasHandedOverClean = note?.clean === true
    this.#note = new PartitionNote(note, assignment.logStart, context)
    this.#ledger = new OffsetLedger(base, note)
    this.#intake = new PartitionIntake({ ...context, assignment, note, lanes: this.#lanes })
    this.#allowance = new StartAllowance(context.maxInFlight)
    this.#repeats = new RepeatGuard({ ...context, isTier: context.tierGate !== undefined })
    const saysNothingRan = assignment.committed === null || this.wasHandedOverClean // A4
    this.#claimAfter = saysNothingRan ? 'claiming' : 'claimed'
    this.#claim = needsHistory(assignment) ? 'unknown' : this.#claimAfter
    this.#isDirty = saysNothingRan || assignment.committed !== base
  }

  get isLost(): boolean {
    return this.#isLost
  }

  get base(): number {
    return this.#ledger.committable
  }

  get unfinishedCount(): number {
    return this.#ledger.unfinishedCount
  }

  /** How many offsets of `[from, to)` are known to be finished. */
  finishedWithin(from: number, to: number): number {
    return this.#ledger.finishedWithin(from, to)
  }

  get runningCount(): number {
    return this.#running.count
  }

  /** Ids of the tasks whose handlers have not settled. */
  get runningTasks(): readonly string[] {
    return [...this.#running].map(({ envelope }) => envelope.taskId)
  }

  get isDirty(): boolean {
    return this.#isDirty && this.mayCommit
  }

  get mayCommit(): boolean {
    return !this.#isLost && this.#claim !== 'unknown'
  }

  get hasReady(): boolean {
    return !this.#isLost && this.#claim === 'claimed' && this.#lanes.hasReady && !this.#allowance.isSpent
  }

  /** Its next ready task could start: the commit note had room when it was last asked. */
  get canTake(): boolean {
    return this.hasReady && !this.#context.gate.has('window')
  }

  /** Asked before every write of an outcome (D3). */
  readonly guard: SendGuard = () => (this.#isLost ? 'drop' : this.#context.isTrusted() ? 'send' : 'hold')

  /** What was looked up says that it may be begun. */
  begin(): void {
    if (this.#isLost || this.#claim !== 'unknown') return
    this.#claim = this.#claimAfter
    if (this.#isDirty) this.#context.onDirty()
    this.#announce()
  }

  /** `other-log`: nothing of it was taken. The note speaks of another record at its base (A3): all of the log is to be run. */
  onRecords(records: readonly KafkaRecord[], next: number): RecordsVerdict | { readonly kind: 'other-log' } {
    const log = this.#note.judge(records)
    if (log.kind === 'other-log') return log
    if (log.kind === 'later-base') this.#ledger = new OffsetLedger(log.base, null)
    for (const record of records) {
      const waitMs = this.#context.tierGate?.waitMs(record) ?? 0
      if (waitMs > 0) return this.#refuse(record.offset, waitMs)
      this.#admit(record)
    }
    this.#ledger.advance(next)
    this.#changed()
    return { kind: 'taken' }
  }

  /** The log now starts at `logStart`: what was not read below it is gone. */
  onDataLost(logStart: number): void {
    this.#ledger.advance(logStart)
    this.#changed()
  }

  /** The next task to run, or undefined: nothing is ready, or the commit note has no room for one more (`window`). */
  take(): TaskSlot | undefined {
    while (this.hasReady) {
      const slot = this.#takeNext()
      if (slot === undefined || !this.#repeats.mustWait(slot)) return slot
      this.#lanes.park(slot.lane, slot)
      this.#awaitingLog.push(slot)
      this.#repeats.readLog(this.#ledger.committable, () => this.#wakeAwaitingLog())
    }
    return undefined
  }

  isRepeat(slot: TaskSlot): boolean {
    return this.#repeats.isRepeat(slot)
  }

  started(slot: TaskSlot, attempt: Interruptible): void {
    this.#running.add(slot, attempt)
    this.#allowance.start()
    this.#ledger.start(slot.record.offset)
    this.#setDirty()
  }

  /** Its handler has settled: the attempt cannot touch anything any more. */
  settled(slot: TaskSlot): void {
    this.#running.delete(slot)
  }

  /** The task left this partition: its outcome is written. `ended`: so did its life. Its lane rests until {@link release}. */
  finish(slot: TaskSlot, ended: boolean): void {
    if (this.#isLost) return
    this.#repeats.remember(slot.envelope, ended ? 'ended' : slot.attempt)
    this.#leave(slot)
  }

  /** As {@link finish}, for a task that goes on elsewhere as the same attempt. */
  passOn(slot: TaskSlot): void {
    if (this.#isLost) return
    this.#repeats.rememberUnspent(slot.envelope, slot.attempt)
    this.#leave(slot)
  }

  /** Nothing of the finished task runs any more: the next of its lane may. */
  release(slot: TaskSlot): void {
    if (this.#isLost) return
    this.#lanes.release(slot.lane)
    this.#announce()
  }

  /** The task stays here and runs again after `delayMs`; its lane rests till then. Its slot says how often it ran. */
  park(slot: TaskSlot, delayMs: number): void {
    if (this.#isLost) return
    this.#ledger.stopped(slot.record.offset, slot.spentInPlace)
    this.#lanes.park(slot.lane, slot)
    this.#setDirty()
    const wake = () => {
      this.#parked.delete(slot)
      this.#wake(slot)
    }
    this.#parked.set(slot, this.#context.clock.after(delayMs, wake))
  }

  /** The partition is someone else's, or its consumer is gone (A1). Returns how many attempts that interrupted. */
  lose(): number {
    if (this.#isLost) return 0
    this.#isLost = true
    this.#stopTimers()
    this.#repeats.stop()
    for (const slot of this.#ledger.tasks()) this.#context.admission.leave(slot.bytes)
    return this.#running.interrupt('lost')
  }

  /** Nothing is taken in and parked tasks rest; running ones go on until {@link interruptRunning}. */
  beginDrain(): void {
    this.#context.gate.set('draining', true)
    this.#stopTimers()
  }

  interruptRunning(): void {
    this.#running.interrupt('drain')
  }

  /**
   * What to commit now. `clean` is said only when nothing runs here and nothing is left that an unclean owner before may
   * have run; its caller says it only when nothing will run.
   */
  commitEntry(owner: number, clean: boolean): CommitEntry {
    this.#isDirty = false
    this.#allowance.commitBegins()
    const state = this.#ledger.state()
    const isClean = clean && this.#running.count === 0 && this.#intake.isSettled(state.base)
    const hash = this.#note.hashAt(state.base, this.#ledger.taskAt(state.base)?.record)
    this.#note.commitBegins(state.base)
    const note = { ...state, ...hash, owner, clean: isClean }
    return { tp: this.tp, next: state.base, metadata: encodeCommitNote(note) }
  }

  commitConfirmed(): void {
    this.#note.commitConfirmed()
    this.#allowance.commitConfirmed()
    if (this.#claim === 'claiming') this.#claim = 'claimed'
    this.#announce()
  }

  commitFailed(): void {
    this.#isDirty = true
  }

  /** Where there is no room for the task whose turn it is, the one that pins the committed offset makes some. */
  #takeNext(): TaskSlot | undefined {
    const offset = this.#lanes.peek()?.record.offset
    const hasRoom = offset === undefined || this.#ledger.hasRoomFor(offset)
    this.#context.gate.set('window', !hasRoom)
    if (hasRoom) return this.#lanes.take()
    const pinning = this.#ledger.taskAt(this.#ledger.committable)
    return pinning === undefined ? undefined : this.#lanes.takeFrom(pinning.lane)
  }

  #admit(record: KafkaRecord): void {
    const admitted = this.#ledger.admit(record.offset)
    if (admitted.kind === 'finished') {
      this.#note.hadFinished(record)
      const { envelope } = readEnvelope({ ...this.tp, ...record })
      this.#repeats.rememberUnspent(envelope, envelope.attempt)
      return
    }
    const slot = this.#intake.slotOf(record, admitted)
    this.#ledger.hold(record.offset, slot)
    this.#context.admission.admit(slot.bytes)
    this.#lanes.add(slot.lane, slot)
  }

  #leave(slot: TaskSlot): void {
    const { offset } = slot.record
    this.#note.finished(slot.record)
    this.#ledger.finish(offset)
    this.#context.admission.leave(slot.bytes)
    this.#changed()
  }

  #refuse(offset: number, waitMs: number): RecordsVerdict {
    this.#ledger.advance(offset)
    this.#context.gate.set('not-due', true)
    this.#cancelNotDue = this.#context.clock.after(waitMs, () => this.#context.gate.set('not-due', false))
    this.#changed()
    return { kind: 'refused', resumeAt: offset }
  }

  #wakeAwaitingLog(): void {
    const waiting = this.#awaitingLog
    this.#awaitingLog = []
    for (const slot of waiting) this.#wake(slot)
  }

  #wake(slot: TaskSlot): void {
    this.#lanes.wake(slot.lane)
    this.#announce()
  }

  #stopTimers(): void {
    this.#note.stop()
    for (const cancel of this.#parked.values()) cancel()
    this.#parked.clear()
    this.#cancelNotDue?.()
  }

  #changed(): void {
    this.#setDirty()
    this.#announce()
  }

  #setDirty(): void {
    this.#isDirty = true
    this.#context.onDirty()
  }

  #announce(): void {
    if (this.hasReady) this.#context.onReady(this)
  }
}

/** The note of the last commit, where it speaks of the log from `base` on. */
function noteAt(base: number, { metadata }: FreshAssignment): CommitNote | null {
  const note = decodeCommitNote(metadata)
  return note?.base === base ? note : null
}
