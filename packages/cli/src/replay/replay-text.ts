import type { DryRunCounts, PlannedReplay, ReplayPlan, ReplayStatus } from '@towline/replay'
import { formatBytes, formatCount, formatMoment, formatSpan, plural } from '../output/format-value.ts'
import type { Column } from '../output/table.ts'

/** Count, span and estimate of a plan, for people. */
export function planText({ source, target, ratePerSecond }: ReplayPlan, counts: DryRunCounts): string {
  const { records, bytes, firstAtMs, lastAtMs } = counts
  const what = `replay ${plural(records, 'record')} (${formatBytes(bytes)}) of ${source} into ${target}`
  const written = records === 0 ? '' : `, written ${formatMoment(firstAtMs)} to ${formatMoment(lastAtMs)}`
  const takes =
    ratePerSecond === null ? '' : `, about ${formatSpan((records / ratePerSecond) * 1_000)} at ${ratePerSecond}/s`
  return `${what}${written}${takes}`
}

/** What of the range is gone already, a line each. */
export function clippedText({ clipped, plan }: PlannedReplay): readonly string[] {
  return clipped.map(({ partition, logStart, lost }) => {
    const what = lost === null ? 'an unknown number of records' : plural(lost, 'offset')
    return `${plan.source}/${partition} begins at ${formatCount(logStart)}: ${what} asked for are no longer there`
  })
}

/** A plan as JSON: the key as text. */
export function planJson(plan: ReplayPlan): object {
  return { ...plan, key: plan.key === null ? null : plan.key.toString('utf8') }
}

export function statusJson({ plan, ...status }: ReplayStatus): object {
  return { replayId: plan.replayId, ...status, plan: planJson(plan) }
}

export const STATUS_COLUMNS: readonly Column<ReplayStatus>[] = [
  { title: 'replay', value: ({ plan }) => plan.replayId },
  { title: 'state', value: ({ state }) => state },
  { title: 'records', align: 'right', value: ({ records }) => formatCount(records) },
  { title: 'done', align: 'right', value: ({ offsets, totalOffsets }) => percent(offsets, totalOffsets) },
  { title: 'source', value: ({ plan }) => plan.source },
  { title: 'target', value: ({ plan }) => plan.target },
  { title: 'by', value: ({ plan }) => plan.by },
  { title: 'planned', value: ({ plan }) => formatMoment(plan.createdAtMs) },
  { title: 'last seen', value: ({ updatedAtMs }) => formatMoment(updatedAtMs) },
]

function percent(done: number, total: number): string {
  return total === 0 ? '100%' : `${Math.floor((done * 100) / total)}%`
}
