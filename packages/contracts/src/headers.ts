import { isTaskId } from './ids.ts'

/** Every header Towline reads or writes. All values are UTF-8 text; what can be derived has no header. */
export const HEADER = {
  /** The task id. */
  ceId: 'ce_id',
  /** W3C trace context of the publish. */
  traceparent: 'traceparent',
  /** 1 at publish, +1 per redrive; absent = 1. */
  life: 'towline-life',
  /** The attempt this record is for, from 1 within a life; absent = 1. */
  attempt: 'towline-attempt',
  /** `topic/partition/offset` of the record the task began as; absent = this one. */
  origin: 'towline-origin',
  /** JSON `{code, message, atMs, attempt}`. */
  firstFailure: 'towline-first-failure',
  /** JSON `{code, message, atMs, attempt, stack?}`. */
  lastFailure: 'towline-last-failure',
  /** Epoch milliseconds before which an attempt must start. */
  deadline: 'towline-deadline',
  /** Epoch milliseconds before which it must not run. */
  dueAt: 'towline-due-at',
  tenant: 'towline-tenant',
  idempotencyKey: 'towline-idempotency-key',
  /** Id of the task that published this one, or that it is a replay of. */
  parent: 'towline-parent',
  /** Id of the replay that made this task. */
  replay: 'towline-replay',
  /** Id of the redrive that started this life. */
  redrive: 'towline-redrive',
  /** On a dead letter: why. */
  deadReason: 'towline-dead-reason',
  /** On a resolution of a dead letter: `id/life` of what it resolves. */
  resolves: 'towline-resolves',
  /** On a resolution: `redriven` or `purged`. */
  resolvedAs: 'towline-resolved-as',
  /** Who asked for a redrive or purge. */
  by: 'towline-by',
  /** Why they did. */
  reason: 'towline-reason',
} as const

export type HeaderName = (typeof HEADER)[keyof typeof HEADER]

/** Longest tenant, idempotency key, parent, replay, redrive, by and reason, in UTF-8 bytes. */
export const HEADER_TEXT_BYTES = 256

/** Header values as clients give and take them; a name that occurs more than once has an array. */
export type HeaderMap = Readonly<Record<string, Buffer | string | null | readonly (Buffer | string | null)[]>>

/** The text of a header; of several with one name the last, as Kafka's clients do. Undefined when absent or null. */
export function headerText(headers: HeaderMap, name: string): string | undefined {
  let value = headers[name]
  if (Array.isArray(value)) value = value.at(-1) as Buffer | string | null | undefined
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : (value as Buffer).toString('utf8')
}

const NO_HEADERS: HeaderMap = Object.freeze(Object.create(null))

/** The headers that are not Towline's: they travel unchanged through retry, dead letter, redrive and replay. */
export function userHeaders(headers: HeaderMap): HeaderMap {
  let kept: Record<string, HeaderMap[string]> | undefined
  for (const name in headers) {
    if (name === HEADER.ceId || name === HEADER.traceparent || name.startsWith('towline-')) continue
    kept ??= Object.create(null) as Record<string, HeaderMap[string]>
    kept[name] = headers[name] as HeaderMap[string]
  }
  return kept ?? NO_HEADERS
}

/** What `towline-resolves` says: one life of one task. */
export interface LifeOfTask {
  readonly taskId: string
  readonly life: number
}

/** The text of `towline-resolves`: `id/life`. */
export function formatLife({ taskId, life }: LifeOfTask): string {
  return `${taskId}/${life}`
}

/** The reverse of {@link formatLife}; null when it is not such a text. */
export function parseLife(text: string): LifeOfTask | null {
  const taskId = text.slice(0, 36)
  const life = text[36] === '/' ? parsePositive(text.slice(37)) : undefined
  return life !== undefined && isTaskId(taskId) ? { taskId, life } : null
}

/** A whole number from 1 to 2^53 − 1 in plain decimal, or undefined. */
export function parsePositive(text: string): number | undefined {
  if (!/^[1-9][0-9]{0,15}$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}
