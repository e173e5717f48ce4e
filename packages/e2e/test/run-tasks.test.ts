import { defineAgent, TerminalError } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { TestFleet } from './test-fleet.ts'
import { workType } from './work.ts'

describe.each(testBrokers())('on $name', ({ start }) => {
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(async () => {
    await broker.stop()
  })

  test('every published task runs and has one end, with its output', async () => {
    const type = workType('echo')
    const agent = defineAgent(type, { run: ({ n, note }) => ({ n: n * 2, note }) })
    await using fleet = await TestFleet.start(broker, [agent])
    const ids = await Promise.all(Array.from({ length: 300 }, (_, n) => fleet.publish(type, { n, note: 'x' })))
    await using runner = await fleet.fleet.runner()
    await runner.start()
    await vi.waitFor(async () => expect(await fleet.ends(type)).toHaveLength(300), { timeout: 20_000 })
    const ends = await fleet.ends(type)
    expect(new Set(ends.map(({ result }) => result.taskId))).toEqual(new Set(ids))
    expect(ends.every(({ result }) => result.end === 'succeeded' && result.attempts === 1 && !result.mayHaveRun)).toBe(
      true,
    )
  })

  test('a task that fails retryably goes through a tier and succeeds at its second attempt', async () => {
    const type = workType('flaky')
    const attempts: number[] = []
    const agent = defineAgent(type, {
      retry: { delays: ['1s'], tiers: ['1s'] },
      run: (work, { attempt }) => {
        attempts.push(attempt)
        if (attempt === 1) throw new Error('not yet')
        return work
      },
    })
    await using fleet = await TestFleet.start(broker, [agent])
    const id = await fleet.publish(type, { n: 1, note: 'x' })
    await using runner = await fleet.fleet.runner()
    await runner.start()
    await vi.waitFor(async () => expect(await fleet.ends(type)).toHaveLength(1), { timeout: 20_000 })
    const [end] = await fleet.ends(type)
    expect(end?.result).toMatchObject({ taskId: id, end: 'succeeded', attempts: 2 })
    expect(attempts).toEqual([1, 2])
  })

  test('a task that can never succeed is dead-lettered at once, with its true error', async () => {
    const type = workType('hopeless')
    const agent = defineAgent(type, {
      run: () => {
        throw new TerminalError('no such page')
      },
    })
    await using fleet = await TestFleet.start(broker, [agent])
    const id = await fleet.publish(type, { n: 1, note: 'x' })
    await using runner = await fleet.fleet.runner()
    await runner.start()
    await vi.waitFor(async () => expect(await fleet.ends(type)).toHaveLength(1), { timeout: 20_000 })
    const [end] = await fleet.ends(type)
    expect(end?.result).toMatchObject({ taskId: id, end: 'dead-lettered', reason: 'terminal', attempts: 1 })
    expect(end?.result.failure?.message).toBe('no such page')
    const letters = await fleet.fleet.deadLetters('hopeless')
    expect(await letters.list()).toMatchObject({
      open: 1,
      entries: [{ taskId: id, state: 'open', reason: 'terminal' }],
    })
  })
})
