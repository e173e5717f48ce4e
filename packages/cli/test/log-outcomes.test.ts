import { EventEmitter } from 'node:events'
import type { Logger } from '@towline/contracts'
import type { RunnerEventMap } from '@towline/runner'
import { beforeEach, describe, expect, test } from 'vitest'
import { logOutcomes } from '../src/log-outcomes.ts'

const task = { agent: 'orders', taskId: 'id', life: 1, attempt: 2, topic: 'orders.tasks', partition: 0, offset: 7 }
const failure = { code: 'Error', message: 'no such customer: ann@example.com', atMs: 0, attempt: 2 }

describe('the log of towline run', () => {
  let events: EventEmitter<RunnerEventMap>
  let lines: [level: string, fields: object, message: string][]

  beforeEach(() => {
    events = new EventEmitter<RunnerEventMap>()
    lines = []
    const at = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message])
    const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log }
    logOutcomes(events, log)
  })

  test('warns of a dead letter, and says why without quoting the input', () => {
    events.emit('task:ended', { ...task, end: 'dead-lettered', reason: 'attempts-exhausted', failure, durationMs: 3 })
    const fields = { ...task, reason: 'attempts-exhausted', code: 'Error', durationMs: 3 }
    expect(lines).toEqual([['warn', fields, 'the task was dead-lettered']])
    expect(JSON.stringify(lines)).not.toContain('ann@example.com')
  })

  test('tells of retries by the code of the error, never by its message', () => {
    events.emit('task:retried', { ...task, tierMs: 5_000, dueAtMs: 6_000, failure })
    events.emit('task:parked', { ...task, delayMs: 1_000, failure })
    events.emit('task:parked', { ...task, delayMs: 1_000, failure: null })
    expect(lines.map(([level, fields]) => [level, fields])).toEqual([
      ['info', { ...task, tierMs: 5_000, dueAtMs: 6_000, code: 'Error' }],
      ['info', { ...task, delayMs: 1_000, code: 'Error' }],
      ['info', { ...task, delayMs: 1_000 }],
    ])
    expect(JSON.stringify(lines)).not.toContain('ann@example.com')
  })

  test('tells of tasks that expired, and is silent about success', () => {
    events.emit('task:ended', { ...task, end: 'succeeded', reason: null, failure: null, durationMs: 3 })
    events.emit('task:ended', { ...task, end: 'expired', reason: null, failure: null, durationMs: 0 })
    expect(lines).toEqual([['info', { ...task, end: 'expired', durationMs: 0 }, 'the task ended without success']])
  })
})
