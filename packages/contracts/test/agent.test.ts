import {
  type AgentOptions,
  DEFAULT_KEYED_DELAYS_MS,
  DEFAULT_UNKEYED_DELAYS_MS,
  defineAgent,
  defineAgentType,
  delayBeforeRetry,
  type RetryOptions,
  summedDelays,
} from '@towline/contracts'
import { describe, expect, test } from 'vitest'
import { digest, QUESTION, type Question } from './digest-agent-type.ts'
import { towlineErrorOf } from './error-matching.ts'

const run = (question: Question) => question

describe('defineAgentType', () => {
  test('keeps the type and its schemas and cannot be changed', () => {
    expect(digest).toEqual({ type: 'digest', input: QUESTION, output: QUESTION })
    expect(Object.isFrozen(digest)).toBe(true)
  })

  test.each(['Digest', 'towline', 'replay', 'a.b', ''])('refuses the name %j', (type) => {
    towlineErrorOf(() => defineAgentType({ type, input: QUESTION, output: QUESTION }), 'TOWLINE_NAME_INVALID')
  })
})

describe('defineAgent', () => {
  test('has a default for everything but the handler', () => {
    expect(defineAgent(digest, { run })).toEqual({
      agentType: digest,
      ordering: 'key',
      concurrency: 100,
      timeoutMs: 300_000,
      abortGraceMs: 5_000,
      retry: {
        maxAttempts: 5,
        delaysMs: undefined,
        tiersMs: [5_000, 60_000, 600_000, 3_600_000],
        parkBudgetMs: 60_000,
        onSpent: undefined,
      },
      run,
    })
  })

  test('resolves what it is given; tiers ascend, each once', () => {
    const retry: RetryOptions = {
      maxAttempts: 3,
      delays: ['2s', '1m'],
      tiers: ['1m', '5s', '60s'],
      parkBudget: '2m',
      onSpent: 'block',
    }
    const agent = defineAgent(digest, {
      ordering: 'partition',
      concurrency: 1,
      timeout: '24d',
      abortGrace: '1s',
      retry,
      run,
    })
    expect(agent).toMatchObject({
      ordering: 'partition',
      concurrency: 1,
      timeoutMs: 24 * 86_400_000,
      abortGraceMs: 1_000,
    })
    expect(agent.retry).toEqual({
      maxAttempts: 3,
      delaysMs: [2_000, 60_000],
      tiersMs: [5_000, 60_000],
      parkBudgetMs: 120_000,
      onSpent: 'block',
    })
  })

  test('cannot be changed afterwards', () => {
    const agent = defineAgent(digest, { run })
    expect(Object.isFrozen(agent) && Object.isFrozen(agent.retry)).toBe(true)
  })

  test.each<readonly [string, Partial<AgentOptions<Question, Question>>, string]>([
    ['concurrency', { concurrency: 0 }, 'concurrency must be a whole number of at least 1, got 0'],
    ['concurrency', { concurrency: 1.5 }, 'got 1.5'],
    ['concurrency', { concurrency: Number.NaN }, 'got NaN'],
    ['ordering', { ordering: 'fifo' as 'key' }, 'ordering must be one of key, partition, none, got fifo'],
    ['timeout', { timeout: '25d' }, 'timeout must be at most 24d, got 25d'],
    ['run', { run: 5 as unknown as typeof run }, 'run must be a function, got number'],
    [
      'retry.maxAttempts',
      { retry: { maxAttempts: 0 } },
      'retry.maxAttempts must be a whole number of at least 1, got 0',
    ],
    ['retry.delays', { retry: { delays: [] } }, 'retry.delays must be at least one delay, got none'],
    ['retry.tiers', { retry: { tiers: ['1s', '2s', '3s', '4s', '5s'] } }, 'retry.tiers must be at most 4, got 5'],
    [
      'retry.onSpent',
      { retry: { onSpent: 'drop' as 'block' } },
      'retry.onSpent must be one of block, dead-letter, got drop',
    ],
    ['park budget', { retry: { delays: ['1h'] } }, '14400000 ms'],
    ['park budget', { ordering: 'partition', retry: { delays: ['1h'] } }, 'retry.onSpent'],
    ['park budget', { retry: { maxAttempts: 6 } }, 'at most retry.parkBudget, 60000 ms, got 81000 ms'],
  ])('refuses a %s out of bounds: %j', (_option, options, message) => {
    const error = towlineErrorOf(() => defineAgent(digest, { run, ...options }), 'TOWLINE_AGENT_INVALID')
    expect(error.message).toContain('agent digest: ')
    expect(error.message).toContain(message)
  })

  test.each<Partial<AgentOptions<Question, Question>>>([
    { timeout: '5 minutes' },
    { abortGrace: '0s' },
    { retry: { delays: ['5s', 'soon'] } },
    { retry: { tiers: ['250ms'] } },
    { retry: { parkBudget: '' } },
  ])('refuses the duration in %j', (options) => {
    towlineErrorOf(() => defineAgent(digest, { run, ...options }), 'TOWLINE_DURATION_INVALID')
  })

  test('delays above the park budget need no answer where nothing is ordered', () => {
    expect(defineAgent(digest, { ordering: 'none', retry: { delays: ['1h'] }, run }).retry.onSpent).toBeUndefined()
  })
})

describe('retry delays', () => {
  test('repeat the last', () => {
    expect([1, 2, 3, 4, 9].map((retry) => delayBeforeRetry([1_000, 5_000, 30_000], retry))).toEqual([
      1_000, 5_000, 30_000, 30_000, 30_000,
    ])
  })

  test('sum up over the retries of a life', () => {
    expect([1, 2, 4, 5].map((maxAttempts) => summedDelays([1_000, 5_000], maxAttempts))).toEqual([
      0, 1_000, 11_000, 16_000,
    ])
    expect(summedDelays(DEFAULT_KEYED_DELAYS_MS, 5)).toBe(51_000)
    expect(summedDelays(DEFAULT_UNKEYED_DELAYS_MS, 5)).toBe(4_265_000)
  })
})
