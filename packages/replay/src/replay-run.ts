// One run of a replay, from its checkpoint to its end.
//
//   R1. A record is sent only after a confirmed checkpoint holds the plan: a run that dies can be resumed.
//   R2. A checkpoint never passes a record that the target has not acknowledged: resumed, nothing is missing.
//   R3. At most `maxRepeats` records stand beyond the confirmed checkpoint. A resume sends no more than those again,
//       with the same ids, and they fit the last 10,000 that a runner remembers per partition: it drops them.
//   R4. Records of a source partition are handed to the sender in offset order. After a failure or a stop nothing that
//       still waits there is sent, so that a resume does not put an earlier record behind a later one.
//   R5. Of several runs of one replay the one that began last goes on. Another halts at its next checkpoint, so that it has
//       sent at most `maxRepeats` records more, and saves nothing from then on (run-claim.ts).

import { type Clock, TowlineError } from '@towline/contracts'
import { type OutgoingRecord, outgoingBytes, type SendGuard, type SendTarget } from '@towline/kafka'
import type { Checkpoint } from './checkpoint-store.ts'
import { Checkpointer, type LostStanding } from './checkpointer.ts'
import { type Match, MatchSource } from './match-source.ts'
import { explainingLoss, findLosses, ReplayRangeLost } from './range-loss.ts'
import { namingRecord } from './refused-record.ts'
import type { ReplayPlan } from './replay-plan.ts'
import type { ReplayPorts } from './replay-ports.ts'
import { ProgressTeller } from './replay-progress.ts'
import type { ReplayResult } from './replay-result.ts'
import { replayedRecord } from './replayed-record.ts'
import { type RunClaim, type Standing, takenOver } from './run-claim.ts'
import { type Halt, RunHalt } from './run-halt.ts'
import type { ResolvedRunOptions } from './run-options.ts'
import { SendGate } from './send-gate.ts'
import { type Admitted, type PartitionProgress, SentLedger } from './sent-ledger.ts'

export class ReplayRun {
  readonly #plan: ReplayPlan
  readonly #target: SendTarget
  readonly #ports: ReplayPorts
  readonly #options: ResolvedRunOptions
  readonly #clock: Clock
  readonly #startMs: number
  readonly #ledger: SentLedger
  readonly #gate: SendGate
  readonly #halt: RunHalt
  readonly #checkpointer: Checkpointer
  readonly #teller: ProgressTeller
  readonly #guard: SendGuard = () => (this.#halt.isHalted ? 'drop' : 'send') // R4
  #source: MatchSource | undefined

  /** @param claim What it saves through; the checkpoint is the one that was claimed. */
  constructor(
    { plan, partitions }: Pick<Checkpoint, 'plan' | 'partitions'>,
    claim: RunClaim,
    ports: ReplayPorts,
    options: ResolvedRunOptions,
  ) {
    this.#plan = plan
    this.#target = { topic: plan.target }
    this.#ports = ports
    this.#options = options
    this.#clock = ports.clock
    this.#startMs = ports.clock.monotonicMs()
    this.#ledger = new SentLedger(partitions)
    this.#gate = new SendGate({ ...options, clock: ports.clock })
    this.#halt = new RunHalt(() => this.#gate.wake())
    this.#checkpointer = this.#makeCheckpointer(claim)
    this.#teller = new ProgressTeller(options, ports.clock, () => ({
      records: this.#ledger.settledCount,
      partitions: this.#progress(),
    }))
  }

  async run(): Promise<ReplayResult> {
    const { signal } = this.#options
    const stop = (): void => this.#halt.set({ kind: 'stopped' })
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted === true) stop()
    const recordsBefore = this.#ledger.settledCount
    try {
      await this.#findLosses()
      await this.#sendAll()
    } catch (error) {
      this.#halt.set({ kind: 'failed', error })
    }
    await this.#gate.empty()
    await this.#checkpointer.close()
    signal?.removeEventListener('abort', stop)
    const end = await this.#conclude()
    this.#teller.tell()
    return {
      end,
      replayId: this.#plan.replayId,
      records: this.#ledger.settledCount,
      sent: this.#ledger.settledCount - recordsBefore,
      lost: this.#ledger.lostCount,
      elapsedMs: this.#clock.monotonicMs() - this.#startMs,
    }
  }

  async #findLosses(): Promise<void> {
    const unread = this.#ledger.unread().map(({ partition, from }) => [partition, from] as const)
    const losses = await findLosses(this.#plan, unread, this.#ports.admin)
    if (losses.length > 0) this.#passOver(new ReplayRangeLost(this.#plan, losses))
  }

  async #sendAll(): Promise<void> {
    while (!this.#halt.isHalted) {
      const query = { ...this.#plan, partitions: this.#ledger.unread() }
      const source = new MatchSource(this.#ports.reader, query, {
        signal: this.#halt.signal,
        onRead: () => this.#moved(),
      })
      this.#source = source
      try {
        await this.#sendFrom(source)
        return
      } catch (error) {
        this.#readPositions()
        this.#passOver(error)
      } finally {
        this.#readPositions()
        this.#source = undefined
        await source.close()
      }
    }
  }

  async #sendFrom(source: MatchSource): Promise<void> {
    while (await explainingLoss(this.#plan, source, this.#ports.admin, () => source.ready())) {
      for (let match = source.take(); match !== undefined; match = source.take()) {
        // In the same turn as take(): what was taken is never below a checkpoint unless it is in the ledger (R2).
        const admitted = this.#ledger.admit(match.partition, match.record.offset)
        const outgoing = this.#outgoing(match)
        const bytes = outgoingBytes(outgoing) // As the sender counts: it must never be full.
        while (!this.#halt.isHalted && !this.#mayGo(bytes)) await this.#gate.changed()
        if (this.#halt.isHalted) return
        this.#send(outgoing, admitted, bytes)
      }
    }
  }

  #mayGo(bytes: number): boolean {
    const { savedRecords } = this.#checkpointer
    const repeats = this.#ledger.admittedCount - savedRecords
    const canSave = this.#ledger.belowNextCount > savedRecords
    if (canSave && repeats > this.#options.maxRepeats / 2) this.#checkpointer.hurry()
    return repeats <= this.#options.maxRepeats && this.#gate.isOpenFor(bytes) // R3
  }

  #outgoing({ partition, record }: Match): OutgoingRecord {
    const { replayId, source } = this.#plan
    return replayedRecord(record, { replayId, topic: source, partition })
  }

  #send(outgoing: OutgoingRecord, admitted: Admitted, bytes: number): void {
    this.#gate.enter(bytes)
    this.#ports.sender.send(this.#target, outgoing, this.#guard).then(
      () => this.#arrived(admitted, bytes),
      (error: unknown) => this.#refused(error, admitted, bytes),
    )
  }

  #arrived(admitted: Admitted, bytes: number): void {
    this.#ledger.settle(admitted)
    this.#gate.leave(bytes)
    this.#moved()
  }

  #refused(error: unknown, admitted: Admitted, bytes: number): void {
    this.#halt.set({ kind: 'failed', error: namingRecord(error, this.#plan.source, admitted) })
    this.#gate.leave(bytes)
  }

  /** A listener that throws ends the run, wherever it is called from. */
  #moved(): void {
    this.#checkpointer.touch()
    try {
      this.#teller.tellNowAndThen()
    } catch (error) {
      this.#halt.set({ kind: 'failed', error })
    }
  }

  /** Leaves out what is gone, where that is allowed; throws anything else. */
  #passOver(error: unknown): void {
    if (!(error instanceof ReplayRangeLost) || !this.#options.skipLost) throw error
    for (const { partition, to } of error.losses) this.#ledger.skip(partition, to)
  }

  /** What does not match moves a partition on as well. */
  #readPositions(): void {
    for (const [partition, position] of this.#source?.positions() ?? []) this.#ledger.read(partition, position)
  }

  #progress(): readonly PartitionProgress[] {
    this.#readPositions()
    return this.#ledger.progress()
  }

  async #conclude(): Promise<ReplayResult['end']> {
    const { halt } = this.#halt
    switch (halt?.kind) {
      case undefined:
        if (!this.#ledger.isDone) throw new TowlineError('TOWLINE_INTERNAL', 'a replay ended before its last offset')
        return this.#endOf('finished', await this.#checkpointer.conclude('finished', true))
      case 'stopped':
        return this.#endOf('stopped', await this.#checkpointer.conclude('started', false))
      case 'aborted':
        return 'aborted'
      case 'failed':
        await this.#checkpointer.conclude('started', false).catch(() => undefined) // What failed first is what counts.
        throw halt.error
    }
  }

  #endOf(end: 'finished' | 'stopped', standing: Standing): ReplayResult['end'] {
    switch (standing) {
      case 'own':
        return end
      case 'gone':
        return 'aborted'
      case 'taken':
        throw takenOver(this.#plan)
    }
  }

  #makeCheckpointer(claim: RunClaim): Checkpointer {
    const { clock } = this.#ports
    return new Checkpointer(
      {
        progress: () => ({ partitions: this.#progress(), records: this.#ledger.belowNextCount }),
        claim,
        onSaved: () => this.#gate.wake(),
        onLost: (standing) => this.#halt.set(this.#haltBy(standing)),
        onFailed: (error) => this.#halt.set({ kind: 'failed', error }),
      },
      { clock, intervalMs: this.#options.checkpointIntervalMs },
    )
  }

  #haltBy(standing: LostStanding): Halt {
    return standing === 'gone' ? { kind: 'aborted' } : { kind: 'failed', error: takenOver(this.#plan) }
  }
}
