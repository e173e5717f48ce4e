import {
  type DeadReason,
  HEADER,
  headerText,
  isDeadReason,
  parseLife,
  RESOLUTIONS,
  type Resolution,
  readEnvelope,
} from '@towline/contracts'
import type { KafkaRecord, TopicPartition } from '@towline/kafka'
import type { ReadResolution, SourceRecord } from './moved-record.ts'

export interface Letter extends SourceRecord {
  /** `unknown` when a newer Towline wrote a reason this one does not know. */
  readonly reason: DeadReason | 'unknown'
}

/** What a record of a dead-letter topic is. */
export type DeadLetterRecord =
  | { readonly kind: 'letter'; readonly letter: Letter }
  | { readonly kind: 'resolution'; readonly resolution: ReadResolution }
  /** Not of Towline's making, or damaged: it counts as nothing and is never redriven. */
  | { readonly kind: 'foreign' }

const FOREIGN: DeadLetterRecord = { kind: 'foreign' }

/** Reads one record of a dead-letter topic. Total: never throws. Texts are copies, the record's buffers are not. */
export function readDeadLetterRecord(tp: TopicPartition, record: KafkaRecord): DeadLetterRecord {
  const resolves = headerText(record.headers, HEADER.resolves)
  if (resolves !== undefined) return readResolution(resolves, record)
  const reason = headerText(record.headers, HEADER.deadReason)
  if (reason === undefined) return FOREIGN
  const { envelope } = readEnvelope({ ...record, topic: tp.topic, partition: tp.partition })
  return { kind: 'letter', letter: { record, envelope, reason: isDeadReason(reason) ? reason : 'unknown' } }
}

function readResolution(resolvesText: string, record: KafkaRecord): DeadLetterRecord {
  const resolves = parseLife(resolvesText)
  const resolvedAs = headerText(record.headers, HEADER.resolvedAs)
  if (resolves === null || !isResolution(resolvedAs)) return FOREIGN
  const reason = headerText(record.headers, HEADER.reason)
  const redriveId = headerText(record.headers, HEADER.redrive)
  const resolution: ReadResolution = {
    resolves,
    resolvedAs,
    by: headerText(record.headers, HEADER.by) ?? '',
    atMs: record.timestampMs,
    ...(reason === undefined ? {} : { reason }),
    ...(redriveId === undefined ? {} : { redriveId }),
  }
  return { kind: 'resolution', resolution }
}

function isResolution(text: string | undefined): text is Resolution {
  return (RESOLUTIONS as readonly (string | undefined)[]).includes(text)
}
