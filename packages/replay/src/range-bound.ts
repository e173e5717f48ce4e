import { parseDuration, TowlineError } from '@towline/contracts'

/** Where a range begins or ends. A time chooses the first record at or after it; `end` is the log end at plan time. */
export type RangeBound =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'time'; readonly atMs: number }
  | { readonly kind: 'ago'; readonly agoMs: number }

/** A bound for every partition, and others for single ones. */
export interface RangeBounds {
  /** Undefined: none was given for the partitions not in `byPartition`. */
  readonly everywhere: RangeBound | undefined
  readonly byPartition: ReadonlyMap<number, RangeBound>
}

const FORMS =
  "an offset (1200), a time (2026-01-31T10:00:00Z, 2026-01-31), '-2h' before now, 'start' or 'end'; " +
  "a partition before a colon narrows it ('3:1200'), commas separate several ('-2h,3:1200')"
const DAY = /^(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/

/**
 * Reads the text of `--from` or `--to`: one bound for all partitions, bounds for single ones (`3:1200`), or both.
 *
 * @param option Where the text came from; errors name it.
 * @throws TowlineError TOWLINE_REPLAY_INVALID
 */
export function parseRangeBounds(text: string, option: string): RangeBounds {
  let everywhere: RangeBound | undefined
  const byPartition = new Map<number, RangeBound>()
  for (const part of text.split(',')) {
    const [, partitionText, boundText] = /^(?:(\d{1,9}):)?(.*)$/.exec(part.trim()) ?? []
    const bound = parseBound(boundText ?? '', option)
    if (partitionText === undefined) {
      if (everywhere !== undefined) throw invalid(option, text, 'it has two bounds for all partitions')
      everywhere = bound
    } else {
      const partition = Number(partitionText)
      if (byPartition.has(partition)) throw invalid(option, text, `it has two bounds for partition ${partition}`)
      byPartition.set(partition, bound)
    }
  }
  return { everywhere, byPartition }
}

/** Reads the text of `--partition`: numbers and spans, such as `0,3-5`. @throws TowlineError TOWLINE_REPLAY_INVALID */
export function parsePartitions(text: string, option: string): readonly number[] {
  const partitions = new Set<number>()
  for (const part of text.split(',')) {
    const [, first, last = first] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part.trim()) ?? []
    if (first === undefined || Number(last) < Number(first)) {
      throw new TowlineError('TOWLINE_REPLAY_INVALID', `${option} must name partitions, got ${JSON.stringify(text)}`, {
        value: text,
        wayOut: "Write numbers and spans, such as '0,3-5'",
      })
    }
    for (let partition = Number(first); partition <= Number(last); partition += 1) partitions.add(partition)
  }
  return [...partitions].sort((a, b) => a - b)
}

function parseBound(text: string, option: string): RangeBound {
  if (text === 'start' || text === 'end') return { kind: text }
  if (/^\d+$/.test(text)) return { kind: 'offset', offset: parseOffset(text, option) }
  if (text.startsWith('-')) return { kind: 'ago', agoMs: parseAgo(text, option) }
  if (DAY.test(text)) return { kind: 'time', atMs: parseTime(text, option) }
  throw invalid(option, text, isTimeWithoutZone(text) ? 'its time has no zone (Z or +02:00)' : 'it is none of these')
}

function parseOffset(text: string, option: string): number {
  const offset = Number(text)
  if (!Number.isSafeInteger(offset)) throw invalid(option, text, 'its offset is beyond 2^53 − 1')
  return offset
}

function parseAgo(text: string, option: string): number {
  try {
    return parseDuration(text.slice(1), option)
  } catch (cause) {
    throw invalid(option, text, "it is no duration such as '-90s', '-2h' or '-7d'", cause)
  }
}

function parseTime(text: string, option: string): number {
  const [, year, month, day] = DAY.exec(text) ?? []
  // A day begins as the reader's clock says. Times are printed with a blank for the T.
  const atMs = Date.parse(text.length === 'YYYY-MM-DD'.length ? `${text}T00:00:00` : text.replace(' ', 'T'))
  // Date.parse takes February 30 for March 2.
  const isRealDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day)
  if (Number.isNaN(atMs) || !isRealDay) throw invalid(option, text, 'there is no such time')
  return atMs
}

function isTimeWithoutZone(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T[\d:.]+$/.test(text)
}

function invalid(option: string, text: string, why: string, cause?: unknown): TowlineError {
  return new TowlineError('TOWLINE_REPLAY_INVALID', `${option} cannot be read: ${why}, got ${JSON.stringify(text)}`, {
    value: text,
    bound: FORMS,
    wayOut: `Give ${FORMS}`,
    cause,
  })
}
