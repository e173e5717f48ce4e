import type { Failure } from './failure.ts'
import { parseFailure } from './failure-header.ts'
import { HEADER, HEADER_TEXT_BYTES, type HeaderMap, type HeaderName, headerText, parsePositive } from './headers.ts'
import { idOfRecord, isTaskId, taskIdTimeMs } from './ids.ts'
import type { RecordPosition, TaskEnvelope } from './task.ts'

/** What the envelope is read from. Header values and keys may be slices of a whole fetch: `envelope.key` still is. */
export interface RecordWithHeaders extends RecordPosition {
  /** Epoch milliseconds: append or create time, as the topic is set. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly headers: HeaderMap
}

export interface ReadEnvelope {
  readonly envelope: TaskEnvelope
  /** One sentence per header that breaks the wire format and was ignored. Empty for records of Towline's own. */
  readonly problems: readonly string[]
}

type Draft = { -readonly [Property in keyof TaskEnvelope]: TaskEnvelope[Property] }

/** Every task makes one and keeps it; of literals that survive V8 makes the next ones in its old generation. */
class Envelope implements TaskEnvelope {
  readonly taskId: string
  readonly key: Buffer | null
  readonly life: number
  readonly attempt: number
  readonly origin: RecordPosition
  readonly queuedAtMs: number

  constructor(
    taskId: string,
    key: Buffer | null,
    life: number,
    attempt: number,
    origin: RecordPosition,
    queuedAtMs: number,
  ) {
    this.taskId = taskId
    this.key = key
    this.life = life
    this.attempt = attempt
    this.origin = origin
    this.queuedAtMs = queuedAtMs
  }
}

class Position implements RecordPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number

  constructor({ topic, partition, offset }: RecordPosition) {
    this.topic = topic
    this.partition = partition
    this.offset = offset
  }
}

const NO_PROBLEMS: readonly string[] = []
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/**
 * What the headers and the position of a record say about the task in it. Total: any Kafka client may publish, so a
 * header that breaks the wire format is ignored and told in `problems`, never thrown.
 */
export function readEnvelope(record: RecordWithHeaders): ReadEnvelope {
  const reader = new HeaderReader(record.headers)
  const movedFrom = reader.parsed(HEADER.origin, parsePosition, 'topic/partition/offset')
  const origin = movedFrom ?? new Position(record)
  const taskId =
    reader.parsed(HEADER.ceId, parseTaskId, 'a UUID') ?? idOfRecord(origin.topic, origin.partition, origin.offset)
  const key = orderingKey(record.key, taskId)
  if (isFreshlyPublished(record.headers)) {
    const envelope: Draft = new Envelope(taskId, key, 1, 1, origin, record.timestampMs)
    readTraceparent(reader, envelope)
    return { envelope, problems: reader.problems }
  }
  const firstFailure = reader.parsed(HEADER.firstFailure, parseFailure, 'a failure as JSON')
  const envelope: Draft = new Envelope(
    taskId,
    key,
    reader.parsed(HEADER.life, parsePositive, 'a positive whole number') ?? 1,
    reader.parsed(HEADER.attempt, parsePositive, 'a positive whole number') ?? 1,
    origin,
    movedFrom === undefined ? record.timestampMs : queuedAtMs(taskId, firstFailure, record.timestampMs),
  )
  readOptional(reader, envelope, firstFailure)
  return { envelope, problems: reader.problems }
}

/** Most tasks have run nowhere yet and ask for nothing special: they need not be asked for every header there is. */
function isFreshlyPublished(headers: HeaderMap): boolean {
  for (const name in headers) if (name.startsWith('towline-')) return false
  return true
}

function readTraceparent(reader: HeaderReader, envelope: Draft): void {
  const traceparent = reader.parsed(HEADER.traceparent, parseTraceparent, 'a W3C traceparent')
  if (traceparent !== undefined) envelope.traceparent = traceparent
}

function readOptional(reader: HeaderReader, envelope: Draft, firstFailure: Failure | undefined): void {
  const deadlineAtMs = reader.parsed(HEADER.deadline, parsePositive, 'epoch milliseconds')
  if (deadlineAtMs !== undefined) envelope.deadlineAtMs = deadlineAtMs
  const dueAtMs = reader.parsed(HEADER.dueAt, parsePositive, 'epoch milliseconds')
  if (dueAtMs !== undefined) envelope.dueAtMs = dueAtMs
  const tenant = reader.text(HEADER.tenant)
  if (tenant !== undefined) envelope.tenant = tenant
  const idempotencyKey = reader.text(HEADER.idempotencyKey)
  if (idempotencyKey !== undefined) envelope.idempotencyKey = idempotencyKey
  readTraceparent(reader, envelope)
  const parent = reader.text(HEADER.parent)
  if (parent !== undefined) envelope.parent = parent
  const replayId = reader.text(HEADER.replay)
  if (replayId !== undefined) envelope.replayId = replayId
  const redriveId = reader.text(HEADER.redrive)
  if (redriveId !== undefined) envelope.redriveId = redriveId
  if (firstFailure !== undefined) envelope.firstFailure = firstFailure
  const lastFailure = reader.parsed(HEADER.lastFailure, parseFailure, 'a failure as JSON')
  if (lastFailure !== undefined) envelope.lastFailure = lastFailure
}

/** Reads headers one by one and keeps what is wrong with them. */
class HeaderReader {
  problems: readonly string[] = NO_PROBLEMS
  readonly #headers: HeaderMap

  constructor(headers: HeaderMap) {
    this.#headers = headers
  }

  /** The header through `parse`, or undefined: absent, or a problem was noted. */
  parsed<T>(name: HeaderName, parse: (text: string) => T | null | undefined, wanted: string): T | undefined {
    const text = headerText(this.#headers, name)
    if (text === undefined) return undefined
    const value = parse(text)
    if (value !== null && value !== undefined) return value
    this.#ignore(name, wanted, text)
    return undefined
  }

  /** A header of 1 to {@link HEADER_TEXT_BYTES} bytes of text. */
  text(name: HeaderName): string | undefined {
    const text = headerText(this.#headers, name)
    if (text === undefined || (text !== '' && Buffer.byteLength(text) <= HEADER_TEXT_BYTES)) return text
    this.#ignore(name, `text of 1 to ${HEADER_TEXT_BYTES} bytes`, text)
    return undefined
  }

  #ignore(name: HeaderName, wanted: string, text: string): void {
    const shown = JSON.stringify(text.length <= 64 ? text : `${text.slice(0, 64)}…`)
    this.problems = [...this.problems, `header ${name} must be ${wanted}, got ${shown}; ignored`]
  }
}

/** Null when unkeyed: without a key, or with the task id as key. */
function orderingKey(key: Buffer | null, taskId: string): Buffer | null {
  if (key === null) return null
  return key.length === taskId.length && key.toString('latin1') === taskId ? null : key
}

/** For a record that was moved: its own timestamp is that of the move. */
function queuedAtMs(taskId: string, firstFailure: Failure | undefined, movedAtMs: number): number {
  return taskIdTimeMs(taskId) ?? firstFailure?.atMs ?? movedAtMs
}

function parseTaskId(text: string): string | undefined {
  if (isTaskId(text)) return text
  const lower = text.toLowerCase()
  return isTaskId(lower) ? lower : undefined
}

function parseTraceparent(text: string): string | undefined {
  return text.length === 55 && TRACEPARENT.test(text) ? text : undefined
}

function parsePosition(text: string): RecordPosition | undefined {
  const match = /^([a-zA-Z0-9._-]{1,249})\/(0|[1-9][0-9]{0,9})\/(0|[1-9][0-9]{0,15})$/.exec(text)
  if (match === null) return undefined
  const position = { topic: match[1] as string, partition: Number(match[2]), offset: Number(match[3]) }
  return Number.isSafeInteger(position.offset) ? position : undefined
}
