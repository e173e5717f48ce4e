import type { PartitionOffsets } from '@towline/kafka'
import type { RangeBound, RangeBounds } from './range-bound.ts'
import { replayInvalid } from './replay-invalid.ts'
import type { ClippedRange, PartitionRange } from './replay-plan.ts'

/** Which part of a topic is asked for. */
export interface RangeSelection {
  readonly from: RangeBounds
  readonly to: RangeBounds
  /** Undefined = all. */
  readonly partitions: readonly number[] | undefined
}

/** What is known of the log when the range is pinned. */
export interface PinnedLog {
  readonly topic: string
  readonly offsets: readonly PartitionOffsets[]
  readonly nowMs: number
  /** The first offset at or after a time, or the log end where there is none. */
  offsetAt(partition: number, timeMs: number): number
}

export interface ResolvedRanges {
  /** Ascending, none empty. */
  readonly ranges: readonly PartitionRange[]
  readonly clipped: readonly ClippedRange[]
}

/** The moments whose offsets a selection needs, without repeats. */
export function timesOf(selection: RangeSelection, nowMs: number): readonly number[] {
  const bounds = [selection.from, selection.to].flatMap(({ everywhere, byPartition }) => [
    ...(everywhere === undefined ? [] : [everywhere]),
    ...byPartition.values(),
  ])
  return [...new Set(bounds.map((bound) => timeOf(bound, nowMs)).filter((timeMs) => timeMs !== undefined))]
}

/**
 * Pins a selection to offsets: clipped to what the log holds now.
 *
 * @throws TowlineError TOWLINE_REPLAY_INVALID when a partition does not exist, a bound is missing for some of them, a
 *   range ends before it begins, or nothing is left.
 */
export function resolveRanges(selection: RangeSelection, log: PinnedLog): ResolvedRanges {
  const partitions = selectPartitions(selection, log)
  checkCovered(selection.from, partitions, '--from')
  checkCovered(selection.to, partitions, '--to')
  const ranges: PartitionRange[] = []
  const clipped: ClippedRange[] = []
  for (const offsets of partitions) {
    const { partition, low, high } = offsets
    const from = boundOf(selection.from, partition) ?? { kind: 'start' }
    const to = boundOf(selection.to, partition) ?? { kind: 'end' }
    checkOrder(partition, from, to, log.nowMs)
    const wanted = { from: offsetOf(from, offsets, log), to: Math.min(offsetOf(to, offsets, log), high) }
    const clip = clipOf(from, wanted, offsets, log.nowMs)
    if (clip !== undefined) clipped.push(clip)
    const range = { partition, from: Math.max(wanted.from, low), to: wanted.to }
    if (range.from < range.to) ranges.push(range)
  }
  if (ranges.length === 0)
    throw nothingSelected(`${log.topic}${describeTimes(selection, log.nowMs)}`, partitions, clipped)
  return { ranges, clipped }
}

function selectPartitions({ partitions, from, to }: RangeSelection, log: PinnedLog): readonly PartitionOffsets[] {
  const known = new Map(log.offsets.map((offsets) => [offsets.partition, offsets]))
  const named = [...(partitions ?? []), ...from.byPartition.keys(), ...to.byPartition.keys()]
  const missing = named.find((partition) => !known.has(partition))
  if (missing !== undefined) {
    const bound = `0 to ${known.size - 1}`
    throw replayInvalid(`${log.topic} has partitions ${bound}, got ${missing}`, { value: missing, bound })
  }
  const selected = partitions === undefined ? [...known.keys()] : [...new Set(partitions)]
  const outside = [...from.byPartition.keys(), ...to.byPartition.keys()].find((named) => !selected.includes(named))
  if (outside !== undefined) {
    throw replayInvalid(`partition ${outside} has a bound of its own but is not among --partition`, { value: outside })
  }
  return selected.sort((a, b) => a - b).map((partition) => known.get(partition) as PartitionOffsets)
}

/** Bounds of single partitions say nothing about the others: guessing "all of it" could replay the whole history. */
function checkCovered(bounds: RangeBounds, partitions: readonly PartitionOffsets[], option: string): void {
  if (bounds.everywhere !== undefined || bounds.byPartition.size === 0) return
  const bare = partitions.find(({ partition }) => !bounds.byPartition.has(partition))
  if (bare === undefined) return
  throw replayInvalid(`${option} has no bound for partition ${bare.partition}`, {
    value: bare.partition,
    wayOut: `Add one for the others ('-2h,3:1200'), or choose partitions by --partition`,
  })
}

function boundOf(bounds: RangeBounds, partition: number): RangeBound | undefined {
  return bounds.byPartition.get(partition) ?? bounds.everywhere
}

function checkOrder(partition: number, from: RangeBound, to: RangeBound, nowMs: number): void {
  const pairs: [number | undefined, number | undefined][] = [
    [from.kind === 'offset' ? from.offset : undefined, to.kind === 'offset' ? to.offset : undefined],
    [timeOf(from, nowMs), timeOf(to, nowMs)],
  ]
  for (const [first, last] of pairs) {
    if (first === undefined || last === undefined || first < last) continue
    throw replayInvalid(`the range of partition ${partition} must begin before it ends, got ${first} to ${last}`, {
      value: first,
      bound: last,
      wayOut: 'Put --to behind --from: it is where the range stops, and is itself left out',
    })
  }
}

function timeOf(bound: RangeBound, nowMs: number): number | undefined {
  if (bound.kind === 'time') return bound.atMs
  return bound.kind === 'ago' ? nowMs - bound.agoMs : undefined
}

function offsetOf(bound: RangeBound, { partition, low, high }: PartitionOffsets, log: PinnedLog): number {
  switch (bound.kind) {
    case 'start':
      return low
    case 'end':
      return high
    case 'offset':
      return bound.offset
    case 'time':
      return log.offsetAt(partition, bound.atMs)
    case 'ago':
      return log.offsetAt(partition, log.nowMs - bound.agoMs)
  }
}

/** By offset the loss can be counted; by time it is only known that older records were deleted, none of them from the future. */
function clipOf(
  from: RangeBound,
  wanted: { readonly from: number; readonly to: number },
  { partition, low }: PartitionOffsets,
  nowMs: number,
): ClippedRange | undefined {
  if (from.kind === 'offset' && wanted.from < low) {
    return { partition, logStart: low, lost: Math.max(0, Math.min(low, wanted.to) - wanted.from) }
  }
  const isPast = (timeOf(from, nowMs) ?? nowMs) < nowMs
  return isPast && low > 0 && wanted.from <= low ? { partition, logStart: low, lost: null } : undefined
}

/** The times a range was understood as: a day and `-2h` depend on the reader's clock. Empty where none was given. */
function describeTimes({ from, to }: RangeSelection, nowMs: number): string {
  const sides = [
    ['from', from.everywhere],
    ['before', to.everywhere],
  ] as const
  return sides
    .map(([word, bound]) => [word, bound === undefined ? undefined : timeOf(bound, nowMs)] as const)
    .map(([word, timeMs]) => (timeMs === undefined ? '' : ` ${word} ${new Date(timeMs).toISOString()}`))
    .join('')
}

function nothingSelected(
  source: string,
  partitions: readonly PartitionOffsets[],
  clipped: readonly ClippedRange[],
): Error {
  const held = partitions.map(({ partition, low, high }) => `${partition}: ${low} to ${high}`).join(', ')
  const gone = clipped.some(({ lost }) => lost !== 0) ? '; some of it was deleted by retention' : ''
  return replayInvalid(`the range holds no record of ${source}${gone}`, {
    bound: held,
    wayOut: `Choose among what the log holds, by partition: ${held}`,
  })
}
