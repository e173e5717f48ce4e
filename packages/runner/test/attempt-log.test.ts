import type { Logger } from '@towline/contracts'
import { expect, test } from 'vitest'
import { AttemptLog } from '../src/attempt-log.ts'

/** A logger that keeps its lines, with the fields of its ancestors, and counts its children. */
function keeping() {
  const lines: unknown[] = []
  let children = 0
  const loggerOf = (inherited: object): Logger => {
    const write = (level: string) => (fields: object, message: string) => {
      lines.push({ level, message, ...inherited, ...fields })
    }
    const child = (fields: object) => {
      children += 1
      return loggerOf({ ...inherited, ...fields })
    }
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), child }
  }
  return { log: loggerOf({}), lines, childCount: () => children }
}

const of = { agent: 'digest', taskId: 't', life: 1, attempt: 2 }
const task = { ...of, key: null, origin: { topic: 'digest.tasks', partition: 0, offset: 0 }, queuedAtMs: 0 }

test('makes its child when something is first logged, once', () => {
  const { log, lines, childCount } = keeping()
  const attemptLog = new AttemptLog(log, 'digest', task)
  expect(childCount()).toBe(0)
  attemptLog.info({ step: 1 }, 'fetched')
  attemptLog.warn({ step: 2 }, 'slow')
  expect(childCount()).toBe(1)
  expect(lines).toEqual([
    { level: 'info', message: 'fetched', ...of, step: 1 },
    { level: 'warn', message: 'slow', ...of, step: 2 },
  ])
})

test.each(['debug', 'info', 'warn', 'error'] as const)('%s and its own children say which attempt it was', (level) => {
  const { log, lines } = keeping()
  const attemptLog = new AttemptLog(log, 'digest', task)
  attemptLog[level]({}, 'direct')
  attemptLog.child({ part: 'p' })[level]({}, 'by a child')
  expect(lines).toEqual([
    { level, message: 'direct', ...of },
    { level, message: 'by a child', ...of, part: 'p' },
  ])
})
