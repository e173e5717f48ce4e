import { avroCodec } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, everyPromise, noDuplicates } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createJournal } from './create-journal.ts'
import { allEnded, countingEnds } from './history.ts'
import { startRunner } from './start-runner.ts'
import { TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

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
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)])
    const published = await Promise.all(Array.from({ length: 300 }, (_, n) => fleet.send(type, work(n))))
    await using _runner = await startRunner(fleet, journal)
    await allEnded(fleet, type, published)
    const ends = await fleet.ends(type)
    expect(ends).toHaveLength(300)
    expect(ends.every(({ result }) => result.end === 'succeeded' && result.attempts === 1 && !result.mayHaveRun)).toBe(
      true,
    )
    const counting = countingEnds(ends)
    const output = avroCodec(type.output, fleet.fleet.schemas)
    for (const { taskId, n } of published) {
      const decoded = await output.decode(counting.get(`${taskId}/1`)?.output as Buffer)
      expect(decoded).toMatchObject({ value: { n: n * 2 } })
    }
    const history = await fleet.history(type, published, journal)
    assertKept(noDuplicates(history), ...everyPromise(history))
  })

  test('a task that fails retryably goes through a tier and succeeds at its second attempt', async () => {
    const type = workType('flaky')
    const journal = createJournal()
    const agent = workAgent(type, journal, { retry: { delays: ['1s'], tiers: ['1s'] } })
    await using fleet = await TestFleet.start(broker, [agent])
    const published = [await fleet.send(type, work(1, { failAttempts: 1 }))]
    await using _runner = await startRunner(fleet, journal)
    await allEnded(fleet, type, published)
    const ends = await fleet.ends(type)
    expect(ends.map(({ result }) => result)).toMatchObject([{ end: 'succeeded', attempts: 2 }])
    expect(journal.of('started').map(({ attempt }) => attempt)).toEqual([1, 2])
    const history = await fleet.history(type, published, journal)
    assertKept(noDuplicates(history), ...everyPromise(history, { delaysMs: [1_000] }))
  })

  test('a task that can never succeed is dead-lettered at once, with its true error', async () => {
    const type = workType('hopeless')
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)])
    const task = await fleet.send(type, work(1, { terminal: 'no such page' }))
    await using _runner = await startRunner(fleet, journal)
    await allEnded(fleet, type, [task])
    const ends = await fleet.ends(type)
    expect(ends.map(({ result }) => result)).toMatchObject([
      { end: 'dead-lettered', reason: 'terminal', attempts: 1, failure: { message: 'no such page' } },
    ])
    const letters = await fleet.fleet.deadLetters(type.type)
    expect(await letters.list()).toMatchObject({
      open: 1,
      entries: [{ taskId: task.taskId, state: 'open', reason: 'terminal' }],
    })
    const history = await fleet.history(type, [task], journal)
    assertKept(noDuplicates(history), ...everyPromise(history))
  })
})
