import { type DeadReason, TowlineError } from '@towline/contracts'
import type { Letter } from './dead-letter-record.ts'
import { errorKind } from './error-fingerprint.ts'

/** Which dead letters are meant; all conditions must hold. */
export interface DeadLetterFilter {
  /** The record key, whole. */
  readonly key?: string
  /** A fingerprint, an error code, or a part of the message (upper and lower case alike). */
  readonly error?: string
  readonly tenant?: string
  /** Written at or after, epoch milliseconds. */
  readonly sinceMs?: number
  /** Written before, epoch milliseconds. */
  readonly untilMs?: number
  readonly reason?: DeadReason
  /** A task id or the beginning of one. */
  readonly id?: string
}

/** Which dead letters to change: by filter, by task id (all lives of it) or id/life, or all of them said aloud. */
export interface DeadLetterSelection {
  readonly filter?: DeadLetterFilter
  readonly ids?: readonly string[]
  readonly all?: boolean
}

export type LetterTest = (letter: Letter) => boolean

/**
 * Whether a letter matches; a filter without conditions matches every one.
 *
 * @throws TowlineError TOWLINE_OPTION_INVALID when a condition would match by accident: an empty text, a time that is none.
 */
export function letterTest(filter: DeadLetterFilter): LetterTest {
  checkFilter(filter)
  const tests: LetterTest[] = []
  const { key, error, tenant, sinceMs, untilMs, reason, id } = filter
  if (id !== undefined) tests.push(({ envelope }) => envelope.taskId.startsWith(id.toLowerCase()))
  if (reason !== undefined) tests.push((letter) => letter.reason === reason)
  if (tenant !== undefined) tests.push(({ envelope }) => envelope.tenant === tenant)
  if (sinceMs !== undefined) tests.push(({ record }) => record.timestampMs >= sinceMs)
  if (untilMs !== undefined) tests.push(({ record }) => record.timestampMs < untilMs)
  if (key !== undefined) {
    const bytes = Buffer.from(key)
    tests.push(({ record }) => record.key?.equals(bytes) ?? false)
  }
  if (error !== undefined) tests.push(errorTest(error))
  return (letter) => tests.every((test) => test(letter))
}

/**
 * The test of a selection.
 *
 * @throws TowlineError TOWLINE_FILTER_REQUIRED when it selects everything without saying so.
 */
export function selectionTest(selection: DeadLetterSelection): LetterTest {
  const filter = selection.filter ?? {}
  const hasFilter = Object.values(filter).some((value) => value !== undefined)
  if (!hasFilter && selection.ids === undefined && selection.all !== true) {
    throw new TowlineError('TOWLINE_FILTER_REQUIRED', 'no filter and no ids were given', {
      wayOut: 'Give a filter or ids, or say that all dead letters are meant (option all, flag --all)',
    })
  }
  const matches = letterTest(filter)
  if (selection.ids === undefined) return matches
  const ids = new Set(selection.ids.map((id) => id.toLowerCase()))
  return (letter) => isNamed(ids, letter.envelope.taskId, letter.envelope.life) && matches(letter)
}

/** Whether ids, each a task id or id/life, name this life of this task. */
function isNamed(ids: ReadonlySet<string>, taskId: string, life: number): boolean {
  return ids.has(taskId) || ids.has(`${taskId}/${life}`)
}

function checkFilter(filter: DeadLetterFilter): void {
  for (const name of ['id', 'error', 'tenant'] as const) {
    if (filter[name] === '') throw invalidFilter(name, 'must not be empty', '')
  }
  for (const name of ['sinceMs', 'untilMs'] as const) {
    const timeMs = filter[name]
    if (timeMs !== undefined && !Number.isFinite(timeMs))
      throw invalidFilter(name, 'must be epoch milliseconds', timeMs)
  }
}

function invalidFilter(name: string, rule: string, value: string | number): TowlineError {
  return new TowlineError('TOWLINE_OPTION_INVALID', `filter ${name} ${rule}, got ${JSON.stringify(value)}`, {
    value,
    wayOut: 'Correct it, or leave it out',
  })
}

function errorTest(error: string): LetterTest {
  const part = error.toLowerCase()
  return ({ envelope: { lastFailure } }) => {
    if (lastFailure === undefined) return false
    if (lastFailure.code === error || lastFailure.message.toLowerCase().includes(part)) return true
    return /^[0-9a-f]{12}$/.test(error) && errorKind(lastFailure).fingerprint === error
  }
}
