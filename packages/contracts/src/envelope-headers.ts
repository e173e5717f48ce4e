import { formatFailure } from './failure-header.ts'
import { HEADER, HEADER_TEXT_BYTES, type HeaderName } from './headers.ts'
import type { TaskEnvelope } from './task.ts'
import { TowlineError } from './towline-error.ts'

type EnvelopeField = Exclude<keyof TaskEnvelope, 'key' | 'queuedAtMs'>

/** What an envelope says in headers. The key, `queuedAtMs` and all positions but the origin stand in the record itself. */
export type EnvelopeFields = { readonly [Field in EnvelopeField]?: TaskEnvelope[Field] | undefined }

/**
 * The headers of an envelope, ready for a record. Left out: what is undefined, and a life or attempt of 1.
 * `origin` is written when given: a move gives it, a publish does not.
 *
 * @throws TowlineError TOWLINE_HEADER_INVALID when a text is empty or above {@link HEADER_TEXT_BYTES}; what
 *   `readEnvelope` returned never is.
 */
export function envelopeHeaders(envelope: EnvelopeFields): Record<string, string> {
  const headers: Record<string, string> = {}
  if (envelope.taskId !== undefined) headers[HEADER.ceId] = envelope.taskId
  if (envelope.traceparent !== undefined) headers[HEADER.traceparent] = envelope.traceparent
  if (envelope.life !== undefined && envelope.life !== 1) headers[HEADER.life] = String(envelope.life)
  if (envelope.attempt !== undefined && envelope.attempt !== 1) headers[HEADER.attempt] = String(envelope.attempt)
  if (envelope.origin !== undefined) {
    const { topic, partition, offset } = envelope.origin
    headers[HEADER.origin] = `${topic}/${partition}/${offset}`
  }
  if (envelope.firstFailure !== undefined) headers[HEADER.firstFailure] = formatFailure(envelope.firstFailure, false)
  if (envelope.lastFailure !== undefined) headers[HEADER.lastFailure] = formatFailure(envelope.lastFailure, true)
  if (envelope.deadlineAtMs !== undefined) headers[HEADER.deadline] = String(envelope.deadlineAtMs)
  if (envelope.dueAtMs !== undefined) headers[HEADER.dueAt] = String(envelope.dueAtMs)
  if (envelope.tenant !== undefined) headers[HEADER.tenant] = bounded(HEADER.tenant, envelope.tenant)
  if (envelope.idempotencyKey !== undefined) {
    headers[HEADER.idempotencyKey] = bounded(HEADER.idempotencyKey, envelope.idempotencyKey)
  }
  if (envelope.parent !== undefined) headers[HEADER.parent] = bounded(HEADER.parent, envelope.parent)
  if (envelope.replayId !== undefined) headers[HEADER.replay] = bounded(HEADER.replay, envelope.replayId)
  if (envelope.redriveId !== undefined) headers[HEADER.redrive] = bounded(HEADER.redrive, envelope.redriveId)
  return headers
}

function bounded(name: HeaderName, text: string): string {
  // Three bytes are the most a UTF-16 unit takes, so short texts need no count.
  if (text !== '' && (text.length * 3 <= HEADER_TEXT_BYTES || Buffer.byteLength(text) <= HEADER_TEXT_BYTES)) return text
  throw new TowlineError(
    'TOWLINE_HEADER_INVALID',
    `${name} must be text of 1 to ${HEADER_TEXT_BYTES} bytes, got ${Buffer.byteLength(text)} bytes`,
    {
      value: Buffer.byteLength(text),
      bound: HEADER_TEXT_BYTES,
      wayOut: text === '' ? 'Leave it out' : 'Shorten it, or send a hash of it',
    },
  )
}
