import { type Clock, HEADER_TEXT_BYTES, TowlineError } from '@towline/contracts'
import type { DeadLetter } from './dead-letter.ts'
import { type DeadLetterSelection, type LetterTest, selectionTest } from './dead-letter-filter.ts'
import type { DeadLetterLedger } from './dead-letter-ledger.ts'
import type { LedgerPorts } from './ledger-ports.ts'
import type { LetterAction } from './letter-action.ts'
import { scanDeadLetters } from './list-dead-letters.ts'
import { Pace } from './pace.ts'
import {
  NO_COUNTS,
  type ResolveItem,
  type ResolveOutcome,
  type ResolveProgress,
  type ResolveReport,
} from './resolve-report.ts'
import type { EndScan } from './scan-ends.ts'
import { workThrough } from './work-through.ts'

export interface ResolveOptions extends DeadLetterSelection {
  /** Count and refuse exactly as the real call would, write nothing. Default false. */
  readonly dryRun?: boolean
  /** Most letters per second. Default: as fast as they are acknowledged. */
  readonly rate?: number
  /** Who asks: kept in the resolution, at most 256 bytes. */
  readonly by: string
  /** Why: kept in the resolution, at most 256 bytes. */
  readonly reason?: string
  /** Called after every letter that was settled. What it throws stops the call, which then rejects with it. */
  readonly onProgress?: (progress: ResolveProgress) => void
  /** Aborted: nothing more is started, what was sent is waited for, and the report says what is left. */
  readonly signal?: AbortSignal
}

export interface ResolvePorts extends LedgerPorts {
  readonly clock: Clock
}

/**
 * Applies an action to every open dead letter of a selection.
 *
 * @param ends What the action has to know: `all` where later lives decide.
 * @throws TowlineError TOWLINE_FILTER_REQUIRED, TOWLINE_OPTION_INVALID; and what scanning throws, before anything was
 * written. Afterwards only `onProgress` can make it reject: each letter has its outcome.
 */
export async function resolveLetters(
  ports: ResolvePorts,
  options: ResolveOptions,
  ends: EndScan['ends'],
  makeAction: (ledger: DeadLetterLedger) => Promise<LetterAction>,
): Promise<ResolveReport> {
  const { signal, ids, dryRun = false } = options
  const matches: LetterTest = selectionTest(options)
  checkText('by', options.by)
  if (options.reason !== undefined) checkText('reason', options.reason)
  const pace = new Pace(options.rate, ports.clock)
  const { ledger } = await scanDeadLetters(ports, matches, { ends, ...(signal === undefined ? {} : { signal }) })
  const entries = ledger.entries()
  const action = await makeAction(ledger)
  const tally = new Tally(entries, options.onProgress)
  const eligible: DeadLetter[] = []
  for (const entry of entries) {
    if (entry.state !== 'open') continue
    const error = action.refuse(entry)
    if (error !== undefined) tally.settle(entry, { kind: 'refused', error })
    else if (dryRun) tally.settle(entry, { kind: 'eligible' })
    else eligible.push(entry)
  }
  const settle = (entry: DeadLetter, outcome: ResolveOutcome): void => tally.settle(entry, outcome)
  const stoppedBy = await workThrough(ports, eligible, {
    action,
    pace,
    settle,
    ...(signal === undefined ? {} : { signal }),
  })
  const { counts, items } = tally.finish(ids ?? [])
  const isComplete = stoppedBy === 'signal' && counts['not-attempted'] === 0
  const stopped = isComplete ? null : stoppedBy
  return { redriveId: action.redriveId, dryRun, matched: entries.length, counts, items, stoppedBy: stopped }
}

/** Keeps the outcome of each letter and counts them. */
class Tally {
  readonly #entries: readonly DeadLetter[]
  readonly #onProgress: ((progress: ResolveProgress) => void) | undefined
  readonly #outcomes = new Map<DeadLetter, ResolveOutcome>()
  readonly #counts = { ...NO_COUNTS }
  readonly #total: number

  constructor(entries: readonly DeadLetter[], onProgress: ((progress: ResolveProgress) => void) | undefined) {
    this.#entries = entries
    this.#onProgress = onProgress
    this.#total = entries.filter(({ state }) => state === 'open').length
  }

  settle(entry: DeadLetter, outcome: ResolveOutcome): void {
    this.#outcomes.set(entry, outcome)
    this.#counts[outcome.kind] += 1
    this.#onProgress?.({ done: this.#outcomes.size, total: this.#total, counts: { ...this.#counts } })
  }

  /** @param ids What was named, so that each name has an item. */
  finish(ids: readonly string[]): Pick<ResolveReport, 'counts' | 'items'> {
    const items: ResolveItem[] = []
    const counts = this.#counts
    const found = new Set<string>()
    for (const entry of this.#entries) {
      const { taskId, life, state } = entry
      found.add(taskId).add(`${taskId}/${life}`)
      const outcome: ResolveOutcome =
        state === 'open'
          ? (this.#outcomes.get(entry) ?? { kind: 'not-attempted' })
          : { kind: 'skipped', because: state }
      if (state !== 'open' || outcome.kind === 'not-attempted') counts[outcome.kind] += 1
      if (state === 'open' || ids.length > 0) items.push({ taskId, life, outcome })
    }
    for (const id of new Set(ids.map((name) => name.toLowerCase()))) {
      if (found.has(id)) continue
      const [taskId = id, life] = id.split('/')
      counts['not-found'] += 1
      items.push({ taskId, life: life === undefined ? null : Number(life), outcome: { kind: 'not-found' } })
    }
    return { counts, items }
  }
}

function checkText(option: 'by' | 'reason', text: string): void {
  const bytes = Buffer.byteLength(text)
  if (bytes > 0 && bytes <= HEADER_TEXT_BYTES) return
  throw new TowlineError(
    'TOWLINE_OPTION_INVALID',
    `${option} must be text of 1 to ${HEADER_TEXT_BYTES} bytes, got ${bytes} bytes`,
    { value: bytes, bound: HEADER_TEXT_BYTES, wayOut: 'Shorten it, or leave it out' },
  )
}
