import type { AgentType } from './agent-type.ts'
import { formatDelay, parseDuration } from './duration.ts'
import type { TaskContext } from './task-context.ts'
import { TowlineError } from './towline-error.ts'

/** What runs in order: tasks of one key, of one partition, or nothing. */
export const ORDERINGS = ['key', 'partition', 'none'] as const
export type Ordering = (typeof ORDERINGS)[number]

/** What becomes of a keyed task whose park budget is spent: it keeps its key waiting, or ends as a dead letter. */
export const ON_SPENT = ['block', 'dead-letter'] as const
export type OnSpent = (typeof ON_SPENT)[number]

export interface RetryOptions {
  /** Attempts in one life, the first included. At least 1, default 5. */
  readonly maxAttempts?: number
  /** Waits before attempt 2, 3, …; the last repeats. Default `1s 5s 15s 30s` for keyed tasks, `5s 1m 10m 1h` for unkeyed. */
  readonly delays?: readonly string[]
  /** The delays that have a topic of their own: whole seconds, at most 4. Default `5s 1m 10m 1h`. */
  readonly tiers?: readonly string[]
  /** Longest a keyed task may hold its key in the runner, deferrals included. Default `60s`. */
  readonly parkBudget?: string
  /** What happens when the park budget is spent; required when the delays exceed it. */
  readonly onSpent?: OnSpent
}

export interface AgentOptions<I, O> {
  /** Default `'key'`; an unkeyed task has a lane of its own. */
  readonly ordering?: Ordering
  /** Attempts of this agent running at once in one runner. At least 1, default 100. */
  readonly concurrency?: number
  /** Longest one attempt may run, at most 24 d. Default `'5m'`. */
  readonly timeout?: string
  /** How long a handler may take to settle after its signal was aborted. Default `'5s'`. */
  readonly abortGrace?: string
  readonly retry?: RetryOptions
  /** The handler. What it returns is the task's result; what it throws decides the retry. */
  run(input: I, context: TaskContext): Promise<O> | O
}

export interface ResolvedRetryOptions {
  readonly maxAttempts: number
  /** Undefined: the defaults for keyed and unkeyed tasks. */
  readonly delaysMs: readonly number[] | undefined
  /** Ascending. */
  readonly tiersMs: readonly number[]
  readonly parkBudgetMs: number
  readonly onSpent: OnSpent | undefined
}

/** An agent: its type and its handler, every option resolved. */
export interface Agent<I = unknown, O = unknown> {
  readonly agentType: AgentType<I, O>
  readonly ordering: Ordering
  readonly concurrency: number
  readonly timeoutMs: number
  readonly abortGraceMs: number
  readonly retry: ResolvedRetryOptions
  run(input: I, context: TaskContext): Promise<O> | O
}

export const DEFAULT_TIERS = ['5s', '1m', '10m', '1h'] as const
export const DEFAULT_KEYED_DELAYS_MS: readonly number[] = [1_000, 5_000, 15_000, 30_000]
export const DEFAULT_UNKEYED_DELAYS_MS: readonly number[] = [5_000, 60_000, 600_000, 3_600_000]
const MAX_TIERS = 4
/** Node's timers hold 2^31 − 1 ms and fire at once above it. */
const MAX_TIMER_MS: number = 24 * 86_400_000

/**
 * Defines an agent: the handler of an agent type and how it is run.
 *
 * @throws TowlineError TOWLINE_AGENT_INVALID, TOWLINE_DURATION_INVALID when an option is out of bounds.
 */
export function defineAgent<I, O>(agentType: AgentType<I, O>, options: AgentOptions<I, O>): Agent<I, O> {
  const rules = new AgentRules(agentType.type)
  if (typeof options.run !== 'function') throw rules.broken('run', typeof options.run, 'a function')
  const ordering = rules.oneOf('ordering', options.ordering ?? 'key', ORDERINGS)
  return Object.freeze({
    agentType,
    ordering,
    concurrency: rules.atLeastOne('concurrency', options.concurrency ?? 100),
    timeoutMs: rules.timer('timeout', options.timeout ?? '5m'),
    abortGraceMs: rules.timer('abortGrace', options.abortGrace ?? '5s'),
    retry: Object.freeze(resolveRetry(rules, ordering, options.retry ?? {})),
    run: options.run,
  })
}

function resolveRetry(rules: AgentRules, ordering: Ordering, retry: RetryOptions): ResolvedRetryOptions {
  const maxAttempts = rules.atLeastOne('retry.maxAttempts', retry.maxAttempts ?? 5)
  const delaysMs = retry.delays?.map((delay) => parseDuration(delay, 'retry.delays'))
  if (delaysMs?.length === 0) throw rules.broken('retry.delays', 'none', 'at least one delay')
  const tiersMs = [...new Set((retry.tiers ?? DEFAULT_TIERS).map((tier) => parseDuration(tier, 'retry.tiers')))]
  tiersMs.sort((a, b) => a - b)
  if (tiersMs.length > MAX_TIERS) throw rules.broken('retry.tiers', tiersMs.length, `at most ${MAX_TIERS}`)
  for (const tierMs of tiersMs) formatDelay(tierMs)
  const parkBudgetMs = parseDuration(retry.parkBudget ?? '60s', 'retry.parkBudget')
  const onSpent = retry.onSpent === undefined ? undefined : rules.oneOf('retry.onSpent', retry.onSpent, ON_SPENT)
  const spends = summedDelays(delaysMs ?? DEFAULT_KEYED_DELAYS_MS, maxAttempts)
  if (ordering !== 'none' && onSpent === undefined && spends > parkBudgetMs) {
    throw rules.broken(
      'the sum of its retry delays',
      `${spends} ms`,
      `at most retry.parkBudget, ${parkBudgetMs} ms`,
      "Say what happens then with retry.onSpent: 'block' or 'dead-letter', shorten the delays, or raise the budget",
    )
  }
  return { maxAttempts, delaysMs, tiersMs, parkBudgetMs, onSpent }
}

/** The sum of the waits of a life that uses all its attempts, in milliseconds. The last delay repeats. */
export function summedDelays(delaysMs: readonly number[], maxAttempts: number): number {
  let sum = 0
  for (let retry = 1; retry < maxAttempts; retry += 1) sum += delayBeforeRetry(delaysMs, retry)
  return sum
}

/** The wait before retry number `retry` (1 = before attempt 2), in milliseconds. The last delay repeats. */
export function delayBeforeRetry(delaysMs: readonly number[], retry: number): number {
  return delaysMs[Math.min(retry, delaysMs.length) - 1] ?? 0
}

/** The checks of one agent's options; every error names the agent, the option, what it got and what it takes. */
class AgentRules {
  readonly #type: string

  constructor(type: string) {
    this.#type = type
  }

  atLeastOne(option: string, value: number): number {
    if (Number.isSafeInteger(value) && value >= 1) return value
    throw this.broken(option, value, 'a whole number of at least 1')
  }

  oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
    if (allowed.includes(value)) return value
    throw this.broken(option, value, `one of ${allowed.join(', ')}`)
  }

  /** A duration one timer can hold. */
  timer(option: string, text: string): number {
    const durationMs = parseDuration(text, option)
    if (durationMs <= MAX_TIMER_MS) return durationMs
    throw this.broken(option, text, 'at most 24d')
  }

  broken(option: string, value: string | number, bound: string, wayOut?: string): TowlineError {
    const message = `agent ${this.#type}: ${option} must be ${bound}, got ${value}`
    return new TowlineError('TOWLINE_AGENT_INVALID', message, {
      value,
      bound,
      ...(wayOut === undefined ? {} : { wayOut }),
    })
  }
}
