import {
  type CommitNote,
  encodeCommitNote,
  HEADER,
  newTaskId,
  type Ordering,
  recordHash,
  type TaskEnvelope,
} from '@towline/contracts'
import type { FreshAssignment, KafkaRecord } from '@towline/kafka'
import { VirtualClock } from '@towline/kafka/memory'
import { Admission } from '../src/admission.ts'
import { IntakeGate } from '../src/intake-gate.ts'
import { Partition } from '../src/partition.ts'
import { TierGate } from '../src/tier-gate.ts'

export const TP = { topic: 'digest.tasks', partition: 0 }

/** A record of a task as a publisher writes it. */
export function taskRecord(
  offset: number,
  options: {
    readonly key?: string
    readonly id?: string
    readonly idempotencyKey?: string
    readonly timestampMs?: number
  } = {},
): KafkaRecord {
  const id = options.id ?? newTaskId()
  return {
    offset,
    timestampMs: options.timestampMs ?? 0,
    key: Buffer.from(options.key ?? id),
    value: Buffer.from(`value ${offset}`),
    headers: {
      [HEADER.ceId]: Buffer.from(id),
      ...(options.idempotencyKey === undefined ? {} : { [HEADER.idempotencyKey]: Buffer.from(options.idempotencyKey) }),
    },
  }
}

/** The metadata of a commit whose base record is `record`. */
export function noteText(record: KafkaRecord, note: Partial<CommitNote> = {}): string {
  return encodeCommitNote({
    clean: false,
    owner: 1,
    base: record.offset,
    end: record.offset,
    hash: recordHash(record.key, record.value),
    hashIsBelowBase: false,
    unfinished: [],
    ...note,
  })
}

/** A partition with everything around it real but the consumer. */
export class PartitionBench {
  readonly clock = new VirtualClock()
  readonly admission: Admission
  readonly gate: IntakeGate
  readonly partition: Partition
  isTrusted = true
  isPaused = false
  dirtyCount = 0
  readyCount = 0
  logReads: number[] = []
  remembered: number[] = []
  rememberedAgain: number[] = []
  onReady: () => void = () => {}
  onRemember: () => Promise<void> = async () => {}
  finishedBelow: (base: number) => Promise<readonly TaskEnvelope[]> = async () => []

  constructor(
    assignment: Partial<FreshAssignment> = {},
    options: { readonly ordering?: Ordering; readonly tierMs?: number; readonly maxInFlight?: number } = {},
  ) {
    const full = { tp: TP, committed: 0, metadata: '', logStart: 0, logEnd: 0, ...assignment }
    this.admission = new Admission({ concurrency: 10, maxInFlight: 1_000, maxInFlightBytes: 1e9 }, () => {})
    this.gate = new IntakeGate(
      () => {
        this.isPaused = true
      },
      () => {
        this.isPaused = false
      },
    )
    this.partition = new Partition(full, full.committed ?? full.logStart, {
      clock: this.clock,
      ordering: options.ordering ?? 'key',
      permitKind: 'live',
      admission: this.admission,
      maxInFlight: options.maxInFlight ?? 1_000,
      dedupeCapacity: 100,
      idempotencyRecords: 100,
      gate: this.gate,
      tierGate: options.tierMs === undefined ? undefined : new TierGate(options.tierMs, this.clock),
      isTrusted: () => this.isTrusted,
      finishedBelow: async (base) => {
        this.logReads.push(base)
        return await this.finishedBelow(base)
      },
      remember: async ({ offset }, how) => {
        const remembered = how === 'first' ? this.remembered : this.rememberedAgain
        remembered.push(offset)
        await this.onRemember()
      },
      onReady: () => {
        this.readyCount += 1
        this.onReady()
      },
      onDirty: () => {
        this.dirtyCount += 1
      },
    })
  }

  deliver(...records: KafkaRecord[]): ReturnType<Partition['onRecords']> {
    return this.partition.onRecords(records, (records.at(-1)?.offset ?? -1) + 1)
  }
}
