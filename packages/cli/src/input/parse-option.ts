import { parseDuration, TowlineError } from '@towline/contracts'
import type { RestoreTarget } from '@towline/fleet'
import { InvalidArgumentError } from 'commander'

/** What a parser of a flag's text throws is a usage error; commander adds which flag it was. */
function refuse(bound: string, text: string): never {
  throw new InvalidArgumentError(`It must be ${bound}, got ${JSON.stringify(text)}.`)
}

/** A whole number from `min` to `max`. For commander's `argParser`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max ? value : refuse(`a whole number from ${min} to ${max}`, text)
  }
}

/** A duration such as `30s`, in milliseconds. For commander's `argParser`. */
export function durationMs(text: string): number {
  try {
    return parseDuration(text, 'it')
  } catch (error) {
    if (error instanceof TowlineError) return refuse("a duration such as '250ms', '30s', '5m', '1h', '7d'", text)
    throw error
  }
}

const DAY = /^\d{4}-\d{2}-\d{2}$/
/** A blank instead of the T, as times are printed. */
const ISO = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/
const EPOCH_MS = /^\d{13}$/
const BEFORE_NOW = /^-([1-9]\d*(?:ms|s|m|h|d))$/

/**
 * A moment: `-2h` (so long before now), a day (its beginning, local time), an ISO time with its zone, or epoch
 * milliseconds of 13 digits. In epoch milliseconds. For commander's `argParser`.
 */
export function momentMs(nowMs: () => number): (text: string) => number {
  return (text) => {
    const before = BEFORE_NOW.exec(text)?.[1]
    if (before !== undefined) return nowMs() - durationMs(before)
    if (EPOCH_MS.test(text)) return Number(text)
    const atMs = parseTime(text)
    if (!Number.isNaN(atMs)) return atMs
    return refuse("-2h, a day, an ISO time with its zone ('2026-05-01T10:00:00Z') or epoch milliseconds", text)
  }
}

/** Without a zone Date.parse takes a time for local. NaN where there is no such time. */
function parseTime(text: string): number {
  if (DAY.test(text)) return Date.parse(`${text}T00:00:00`)
  return ISO.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN
}

const OFFSET = /^\d{1,12}$/

/** `earliest`, `latest`, an offset (up to 12 digits), or a moment as {@link momentMs} reads it. For commander's `argParser`. */
export function restoreTarget(nowMs: () => number): (text: string) => RestoreTarget {
  const moment = momentMs(nowMs)
  return (text) => {
    if (text === 'earliest' || text === 'latest') return { kind: text }
    if (OFFSET.test(text)) return { kind: 'offset', offset: Number(text) }
    return { kind: 'time', atMs: moment(text) }
  }
}

/** Numbers and spans of partitions, such as `0,3-5`. For commander's `argParser`. */
export function partitionNumbers(text: string): readonly number[] {
  const numbers = text.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim()) ?? []
    const count = Number(last) - Number(first) + 1
    if (first === undefined || count < 1) return refuse("numbers and spans of partitions, such as '0,3-5'", text)
    return Array.from({ length: count }, (_, at) => Number(first) + at)
  })
  return [...new Set(numbers)].sort((a, b) => a - b)
}
