import type { DeferCause, Ordering, ResolvedRetryOptions } from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_WAIT_MS } from '../src/ladder.ts'
import { createRetryPolicy, type RetryableOutcome } from '../src/retry-policy.ts'
import { AT_MS, envelope, failure } from './task-fixtures.ts'

const DEFAULTS: ResolvedRetryOptions = {
  maxAttempts: 5,
  delaysMs: undefined,
  tiersMs: [5_000, 60_000, 600_000, 3_600_000],
  parkBudgetMs: 60_000,
  onSpent: undefined,
}
const KEY = Buffer.from('customer-7')
const failed = (retryAfterMs?: number): RetryableOutcome =>
  retryAfterMs === undefined
    ? { kind: 'failed', failure: failure() }
    : { kind: 'failed', failure: failure(), retryAfterMs }
const deferred = (inMs: number, because: DeferCause = 'snooze'): RetryableOutcome => ({
  kind: 'deferred',
  dueAtMs: AT_MS + inMs,
  because,
})

interface Case {
  readonly retry?: Partial<ResolvedRetryOptions>
  readonly ordering?: Ordering
  readonly key?: Buffer | null
  readonly attempt?: number
  readonly parkedMs?: number
  readonly outcome: RetryableOutcome
}

function decide({ retry, ordering = 'key', key = null, attempt = 1, parkedMs = 0, outcome }: Case) {
  const policy = createRetryPolicy({ ...DEFAULTS, ...retry }, ordering)
  return policy.decide({ task: envelope({ key, attempt }), outcome, parkedMs, nowMs: AT_MS })
}

const tier = (tierMs: number, attempt: number, delayMs = tierMs) => ({
  kind: 'tier',
  tierMs,
  dueAtMs: AT_MS + delayMs,
  attempt,
})
const park = (delayMs: number, attempt: number) => ({ kind: 'park', delayMs, attempt })

describe('what follows an attempt', () => {
  test.each<[string, Case, object]>([
    ['unkeyed, first failure: the tier of its first delay', { outcome: failed() }, tier(5_000, 2)],
    ['unkeyed, third failure', { outcome: failed(), attempt: 3 }, tier(600_000, 4)],
    ['a timeout is a failure', { outcome: { kind: 'timed-out', failure: failure() } }, tier(5_000, 2)],
    ['keyed: parked, so that its key waits', { outcome: failed(), key: KEY }, park(1_000, 2)],
    ['keyed, last default delay', { outcome: failed(), key: KEY, attempt: 4, parkedMs: 21_000 }, park(30_000, 5)],
    ['keyed, ordering none: a tier', { outcome: failed(), key: KEY, ordering: 'none' }, tier(5_000, 2)],
    ['unkeyed, ordering partition: the partition parks', { outcome: failed(), ordering: 'partition' }, park(1_000, 2)],
    [
      'the last delay repeats',
      { outcome: failed(), attempt: 4, retry: { delaysMs: [5_000, 60_000] } },
      tier(60_000, 5),
    ],
    [
      'a delay between tiers: the longest not above',
      { outcome: failed(), retry: { delaysMs: [90_000] } },
      tier(60_000, 2, 90_000),
    ],
    ['a delay below the shortest tier: the runner', { outcome: failed(), retry: { delaysMs: [500] } }, park(500, 2)],
    ['no tiers: the runner', { outcome: failed(), retry: { tiersMs: [] } }, park(5_000, 2)],
    ['a longer retryAfter is kept', { outcome: failed(120_000) }, tier(60_000, 2, 120_000)],
    ['a shorter retryAfter changes nothing', { outcome: failed(1) }, tier(5_000, 2)],
    ['a deferral spends no attempt', { outcome: deferred(60_000), attempt: 3 }, tier(60_000, 3)],
    ['a deferral into the past is due at once', { outcome: deferred(-60_000) }, park(0, 1)],
    ['a keyed deferral parks', { outcome: deferred(7_000), key: KEY }, park(7_000, 1)],
    [
      'keyed deferrals beyond the budget park on, unless told',
      { outcome: deferred(70_000), key: KEY },
      park(70_000, 1),
    ],
    [
      'the budget is spent, onSpent block',
      { outcome: failed(), key: KEY, parkedMs: 59_500, retry: { onSpent: 'block' } },
      park(1_000, 2),
    ],
    [
      'the budget is met exactly',
      { outcome: failed(), key: KEY, parkedMs: 59_000, retry: { onSpent: 'dead-letter' } },
      park(1_000, 2),
    ],
  ])('%s', (_name, question, decision) => {
    expect(decide(question)).toEqual(decision)
  })

  test.each<[string, Case, string, string]>([
    ['attempts are spent', { outcome: failed(), attempt: 5 }, 'attempts-exhausted', 'it broke'],
    [
      'attempts are spent by a timeout',
      { outcome: { kind: 'timed-out', failure: failure('slow') }, attempt: 9 },
      'attempts-exhausted',
      'slow',
    ],
    [
      'the park budget is spent',
      { outcome: failed(), key: KEY, parkedMs: 59_001, retry: { onSpent: 'dead-letter' } },
      'order-blocked',
      'it broke',
    ],
    [
      'the park budget is spent by a deferral',
      { outcome: deferred(2_000, 'rate-limited'), key: KEY, parkedMs: 58_001, retry: { onSpent: 'dead-letter' } },
      'order-blocked',
      'deferred (rate-limited) until 2023-11-14T22:13:22.000Z',
    ],
    [
      'a snooze is longer than any tier may hold',
      { outcome: deferred(MAX_WAIT_MS + 1) },
      'terminal',
      `asked to wait ${MAX_WAIT_MS + 1} ms`,
    ],
    ['a snooze until no time at all', { outcome: deferred(Number.NaN) }, 'terminal', 'deferred (snooze) until NaN'],
    ['a retryAfter is longer than any tier may hold', { outcome: failed(MAX_WAIT_MS + 1) }, 'terminal', 'it broke'],
    [
      'a keyed one too, whatever onSpent says',
      { outcome: deferred(MAX_WAIT_MS + 1), key: KEY, retry: { onSpent: 'block' } },
      'terminal',
      'longest wait',
    ],
  ])('dead-lettered when %s', (_name, question, reason, message) => {
    expect(decide(question)).toMatchObject({
      kind: 'dead-letter',
      reason,
      failure: { message: expect.stringContaining(message), attempt: 1, atMs: AT_MS },
    })
  })
})

describe('options a ladder cannot keep', () => {
  test.each([
    ['a tier', { tiersMs: [5_000, MAX_WAIT_MS + 1_000] }, 'TOWLINE_OPTION_INVALID'],
    ['a delay', { delaysMs: [5_000, MAX_WAIT_MS + 1_000] }, 'TOWLINE_OPTION_INVALID'],
    ['a tier of no whole seconds', { tiersMs: [2_500] }, 'TOWLINE_DURATION_INVALID'],
  ])('%s is refused at once', (_name, retry, code) => {
    expect(() => createRetryPolicy({ ...DEFAULTS, ...retry }, 'key')).toThrow(expect.objectContaining({ code }))
  })

  test('the longest wait itself is accepted', () => {
    const policy = createRetryPolicy({ ...DEFAULTS, delaysMs: [MAX_WAIT_MS] }, 'none')
    expect(policy.whenTierIsOver(undefined, AT_MS)).toEqual({ kind: 'run' })
  })
})

describe('the delay before an attempt', () => {
  test('is that of its number, the last for all that follow', () => {
    const policy = createRetryPolicy({ ...DEFAULTS, delaysMs: [1_000, 5_000] }, 'key')
    expect([2, 3, 9].map((attempt) => policy.delayBefore(envelope({ key: KEY }), attempt))).toEqual([
      1_000, 5_000, 5_000,
    ])
  })

  test('is the default of what keeps its order, or of what does not', () => {
    const unkeyed = envelope({ key: null })
    expect(createRetryPolicy(DEFAULTS, 'key').delayBefore(unkeyed, 2)).toBe(5_000)
    expect(createRetryPolicy(DEFAULTS, 'partition').delayBefore(unkeyed, 2)).toBe(1_000)
  })
})

const retries: fc.Arbitrary<ResolvedRetryOptions> = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 12 }),
  delaysMs: fc.option(fc.array(fc.integer({ min: 1, max: MAX_WAIT_MS }), { minLength: 1, maxLength: 6 }), {
    nil: undefined,
  }),
  tiersMs: fc
    .uniqueArray(fc.integer({ min: 1, max: MAX_WAIT_MS / 1_000 }), { maxLength: 4 })
    .map((seconds) => seconds.map((second) => second * 1_000).sort((a, b) => a - b)),
  parkBudgetMs: fc.integer({ min: 1, max: 600_000 }),
  onSpent: fc.constantFrom(undefined, 'block' as const, 'dead-letter' as const),
})
const orderings = fc.constantFrom<Ordering[]>('key', 'partition', 'none')
const outcomes: fc.Arbitrary<RetryableOutcome> = fc.oneof(
  fc.option(fc.integer({ min: 0, max: MAX_WAIT_MS * 2 }), { nil: undefined }).map(failed),
  fc.constant<RetryableOutcome>({ kind: 'timed-out', failure: failure() }),
  fc
    .record({
      inMs: fc.integer({ min: -1_000, max: MAX_WAIT_MS * 2 }),
      because: fc.constantFrom<DeferCause[]>('snooze', 'rate-limited', 'breaker-open'),
    })
    .map(({ inMs, because }) => deferred(inMs, because)),
)

/** The course of one task whose attempts end as told, until it is dead or the story is. */
function course(retry: ResolvedRetryOptions, ordering: Ordering, keyed: boolean, story: readonly RetryableOutcome[]) {
  const policy = createRetryPolicy(retry, ordering)
  const key = keyed ? KEY : null
  const seen = { spent: 0, parkedMs: 0, tiers: 0, waits: [] as number[], isDead: false }
  let attempt = 1
  for (const outcome of story) {
    if (outcome.kind !== 'deferred') seen.spent += 1
    const decision = policy.decide({ task: envelope({ key, attempt }), outcome, parkedMs: seen.parkedMs, nowMs: AT_MS })
    if (decision.kind === 'dead-letter') return { ...seen, isDead: true }
    expect(decision.attempt).toBe(outcome.kind === 'deferred' ? attempt : attempt + 1) // P1, P2
    attempt = decision.attempt
    if (decision.kind === 'park') seen.parkedMs += decision.delayMs
    else seen.tiers += 1
    seen.waits.push(decision.kind === 'park' ? decision.delayMs : decision.dueAtMs - AT_MS)
    if (decision.kind === 'tier') expect(decision.tierMs).toBeLessThanOrEqual(decision.dueAtMs - AT_MS)
  }
  return seen
}

describe('whatever happens to a task', () => {
  const stories = fc.array(outcomes, { maxLength: 30 })

  test('P1, P5: attempts never exceed maxAttempts, and no wait the longest', () =>
    fc.assert(
      fc.property(retries, orderings, fc.boolean(), stories, (retry, ordering, keyed, story) => {
        const { spent, waits, isDead } = course(retry, ordering, keyed, story)
        expect(spent).toBeLessThanOrEqual(retry.maxAttempts)
        for (const waitMs of waits) expect(waitMs).toBeLessThanOrEqual(MAX_WAIT_MS)
        const failures = story.filter(({ kind }) => kind !== 'deferred').length
        if (failures >= retry.maxAttempts) expect(isDead).toBe(true)
      }),
    ))

  test('P3: what keeps order never leaves the runner', () =>
    fc.assert(
      fc.property(retries, orderings, fc.boolean(), stories, (retry, ordering, keyed, story) => {
        fc.pre(ordering === 'partition' || (ordering === 'key' && keyed))
        expect(course(retry, ordering, keyed, story).tiers).toBe(0)
      }),
    ))

  test('P4: with onSpent dead-letter the summed parks of a key stay within its budget', () =>
    fc.assert(
      fc.property(retries, stories, (retry, story) => {
        const { parkedMs } = course({ ...retry, onSpent: 'dead-letter' }, 'key', true, story)
        expect(parkedMs).toBeLessThanOrEqual(retry.parkBudgetMs)
      }),
    ))

  test('no failure comes back earlier than its own delay and what it asked for', () =>
    fc.assert(
      fc.property(retries, fc.boolean(), fc.integer({ min: 0, max: MAX_WAIT_MS }), (retry, keyed, retryAfterMs) => {
        const delaysMs = retry.delaysMs ?? [3_000]
        const [waitMs] = course({ ...retry, delaysMs, maxAttempts: 2 }, 'key', keyed, [failed(retryAfterMs)]).waits
        if (waitMs !== undefined) expect(waitMs).toBe(Math.max(delaysMs[0] ?? 0, retryAfterMs))
      }),
    ))
})
