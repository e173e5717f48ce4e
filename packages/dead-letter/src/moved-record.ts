import type { DeadReason, EnvelopeFields, Failure, HeaderMap, Resolution, TaskEnvelope } from '@towline/contracts'
import { envelopeHeaders, formatLife, HEADER, type LifeOfTask, userHeaders } from '@towline/contracts'
import type { KafkaRecord, OutgoingRecord } from '@towline/kafka'

// The records this package writes. Pure.
//   M1. Key, value and user headers of a task travel as they came; a null key becomes the task id.
//   M2. Headers do not grow with the number of moves: the first failure stays, the last is replaced.

/** A record and what its headers and position say. */
export interface SourceRecord {
  readonly record: KafkaRecord
  readonly envelope: TaskEnvelope
}

/** A move to a retry tier. */
export interface TierMove {
  readonly tierMs: number
  /** Written to `towline-due-at` where the tier's own delay ends before it. Epoch milliseconds. */
  readonly dueAtMs: number
  /** The attempt the moved record is for. */
  readonly attempt: number
}

export interface ResolutionNote {
  readonly resolves: LifeOfTask
  readonly resolvedAs: Resolution
  /** Who asked for it. */
  readonly by: string
  readonly reason?: string
  readonly redriveId?: string
}

/** A resolution as read, with when it was written (epoch milliseconds). */
export interface ReadResolution extends ResolutionNote {
  readonly atMs: number
}

/** What is written to a retry tier. Without a failure (a deferral, a hop) those of before stay. */
export function tierRecord(
  source: SourceRecord,
  move: TierMove,
  failure: Failure | undefined,
  nowMs: number,
): OutgoingRecord {
  const { dueAtMs: _waitedFor, ...envelope } = withFailure(source.envelope, failure)
  const moved = { ...envelope, attempt: move.attempt }
  return task(source, move.dueAtMs > nowMs + move.tierMs ? { ...moved, dueAtMs: move.dueAtMs } : moved)
}

/** What is written to the dead-letter topic. */
export function deadLetterRecord(source: SourceRecord, reason: DeadReason, failure: Failure): OutgoingRecord {
  const { dueAtMs: _waitedFor, ...envelope } = withFailure(source.envelope, failure)
  return task(source, envelope, { [HEADER.deadReason]: reason })
}

/** A dead letter as it goes back: the next life at attempt 1, without failures, deadline and origin of the life before. */
export function redrivenRecord(letter: SourceRecord, redriveId: string): OutgoingRecord {
  const {
    origin: _origin,
    attempt: _attempt,
    dueAtMs: _dueAt,
    deadlineAtMs: _deadline,
    firstFailure: _first,
    lastFailure: _last,
    ...kept
  } = letter.envelope
  return task(letter, { ...kept, life: kept.life + 1, redriveId })
}

/** The record that resolves a dead letter; it belongs in that letter's own partition. */
export function resolutionRecord(letterKey: Buffer | null, note: ResolutionNote): OutgoingRecord {
  const headers: Record<string, string> = {
    [HEADER.resolves]: formatLife(note.resolves),
    [HEADER.resolvedAs]: note.resolvedAs,
    [HEADER.by]: note.by,
  }
  if (note.reason !== undefined) headers[HEADER.reason] = note.reason
  if (note.redriveId !== undefined) headers[HEADER.redrive] = note.redriveId
  return { key: letterKey, value: null, headers }
}

function task({ record, envelope }: SourceRecord, fields: EnvelopeFields, extra?: HeaderMap): OutgoingRecord {
  return {
    key: record.key ?? Buffer.from(envelope.taskId),
    value: record.value,
    headers: { ...userHeaders(record.headers), ...envelopeHeaders(fields), ...extra },
  }
}

function withFailure(envelope: TaskEnvelope, failure: Failure | undefined): TaskEnvelope {
  if (failure === undefined) return envelope
  return { ...envelope, firstFailure: envelope.firstFailure ?? failure, lastFailure: failure }
}
