import { HEADER } from '@towline/contracts'
import { describe, expect, test } from 'vitest'
import { type Evidence, judgeTask } from '../src/task/judge-task.ts'
import type { FoundRecord } from '../src/task/record-scan.ts'
import type { LifeEnd } from '../src/task/task-ends.ts'
import { envelopeOf, inOrder, type Trace } from '../src/task/task-traces.ts'

const taskId = '01890000-0000-7000-8000-000000000001'
const nothing: Evidence = { ends: [], first: null, traces: [], letters: [] }

function found(topic: string, headers: Record<string, string>, timestampMs = 1_000): FoundRecord {
  const bytes = Object.entries({ [HEADER.ceId]: taskId, ...headers }).map(([name, text]) => [name, Buffer.from(text)])
  const record = { offset: 5, timestampMs, key: Buffer.from(taskId), value: null, headers: Object.fromEntries(bytes) }
  return { topic, partition: 0, record }
}

function trace(
  standing: Trace['standing'],
  options: Partial<Trace> & { headers?: Record<string, string> } = {},
): Trace {
  const record = found('orders.tasks', options.headers ?? {})
  return { ...record, envelope: envelopeOf(record), delayMs: undefined, standing, attemptsInPlace: 0, ...options }
}

function end(life: number, how: LifeEnd['end']): LifeEnd {
  return {
    life,
    end: how,
    reason: how === 'dead-lettered' ? 'terminal' : null,
    attempts: 1,
    mayHaveRun: false,
    runnerId: 'runner',
    origin: { topic: 'orders.tasks', partition: 0, offset: 5 },
    queuedAtMs: 1_000,
    startedAtMs: 1_001,
    finishedAtMs: 1_000 + life,
    failure: null,
    parent: null,
    replayId: null,
    output: null,
  }
}

describe('the state of a task', () => {
  test('is not known when nothing was found', () => {
    expect(judgeTask(nothing)).toBeNull()
  })

  test('is queued before its offset, running where the note says started, unknown once the group is past it', () => {
    expect(judgeTask({ ...nothing, traces: [trace('waiting')] })).toMatchObject({ state: 'queued', attempts: 0 })
    expect(judgeTask({ ...nothing, traces: [trace('started')] })).toMatchObject({ state: 'running', attempts: 1 })
    expect(judgeTask({ ...nothing, traces: [trace('finished')] })).toMatchObject({ state: 'unknown' })
  })

  test('counts attempts made in place by the note', () => {
    const judged = judgeTask({ ...nothing, traces: [trace('waiting', { attemptsInPlace: 2 })] })
    expect(judged).toMatchObject({ state: 'queued', attempts: 2 })
  })

  test('is retrying in a tier, due when the tier says, or later where a header says so', () => {
    const inTier = { delayMs: 60_000, headers: { [HEADER.attempt]: '2' } }
    const traces = [trace('finished'), trace('waiting', inTier)]
    expect(judgeTask({ ...nothing, traces })).toMatchObject({ state: 'retrying', attempts: 1, dueAtMs: 61_000 })
    const later = trace('waiting', { delayMs: 60_000, headers: { [HEADER.attempt]: '2', [HEADER.dueAt]: '99000' } })
    expect(judgeTask({ ...nothing, traces: [later] })).toMatchObject({ dueAtMs: 99_000 })
  })

  test('is where the record stands that still waits, whatever tiers the attempt went through before', () => {
    const hopped = trace('finished', { delayMs: 3_600_000 })
    const waits = trace('waiting', { delayMs: 60_000 })
    const traces = inOrder([waits, hopped, trace('finished')])
    expect(judgeTask({ ...nothing, traces })).toMatchObject({ state: 'retrying', dueAtMs: 61_000 })
  })

  test('is the end of its latest life', () => {
    const ends = [end(1, 'dead-lettered'), end(2, 'succeeded')]
    expect(judgeTask({ ...nothing, ends })).toMatchObject({
      state: 'succeeded',
      life: 2,
      position: null,
      earlierEnds: [{ life: 1, end: 'dead-lettered', finishedAtMs: 1_001 }],
    })
  })

  test('is what the next life does, once a dead letter was redriven', () => {
    const traces = [trace('waiting', { headers: { [HEADER.life]: '2' } })]
    const judged = judgeTask({ ...nothing, ends: [end(1, 'dead-lettered')], traces })
    expect(judged).toMatchObject({ state: 'queued', life: 2, reason: null, earlierEnds: [{ life: 1 }] })
  })

  test('is dead-lettered by its letter while the end is not written yet', () => {
    const letter = found('orders.dlq', { [HEADER.deadReason]: 'order-blocked', [HEADER.attempt]: '3' })
    const judged = judgeTask({ ...nothing, traces: [trace('finished')], letters: [letter] })
    expect(judged).toMatchObject({ state: 'dead-lettered', reason: 'order-blocked', attempts: 3 })
  })

  test('takes no reason from a letter that names none we know', () => {
    const letter = found('orders.dlq', { [HEADER.deadReason]: 'bad luck' })
    expect(judgeTask({ ...nothing, letters: [letter] })).toMatchObject({ state: 'dead-lettered', reason: null })
  })
})

describe('what goes with the state', () => {
  test('key, tenant and deadline are those of the earliest record there is', () => {
    const first = found('orders.tasks', { [HEADER.tenant]: 'acme', [HEADER.deadline]: '5000' })
    const judged = judgeTask({ ...nothing, ends: [end(1, 'expired')], first })
    expect(judged).toMatchObject({ state: 'expired', tenant: 'acme', deadlineAtMs: 5_000, key: null })
  })

  test('the origin is known from the result alone', () => {
    const judged = judgeTask({ ...nothing, ends: [end(1, 'cancelled')] })
    expect(judged).toMatchObject({ state: 'cancelled', origin: { topic: 'orders.tasks', partition: 0, offset: 5 } })
  })
})
