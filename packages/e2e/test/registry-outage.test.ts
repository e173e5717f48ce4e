import { avroSchema, defineAgentType, groupIdOf, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { countingEnds, reruns, unaccounted } from './history.ts'
import type { Journal } from './journal.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { startRunner } from './start-runner.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { WORK, type Work, work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

const TASKS = 30
const OUTAGE_MS = 4_000

describe.each(testBrokers())('P13: an outage of the registry, on $name', ({ start }) => {
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  async function outlives(
    fleet: TestFleet,
    journal: Journal,
    publish: () => Promise<readonly Published[]>,
  ): Promise<void> {
    const began = journal.of('started').length
    const published = await publish()
    await vi.waitFor(() => expect(journal.of('registry').at(-1)?.isOut).toBe(true), WAIT)
    // Long enough for several probes of the registry to fail.
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS))
    expect(journal.of('started').length).toBe(began)
    const names = topicNames(type.type, fleet.namespace)
    expect(await fleet.records(names.dlq)).toEqual([])
    await broker.registryFaults.setOutage(null)
    await vi.waitFor(async () => {
      const ids = new Set(published.map(({ taskId }) => taskId))
      const ends = (await fleet.ends(type)).filter(({ result }) => ids.has(result.taskId))
      expect(unaccounted(published, ends)).toEqual([])
    }, WAIT)
    const ends = [...countingEnds(await fleet.ends(type)).values()]
    expect(ends.every(({ end, attempts }) => end === 'succeeded' && attempts === 1)).toBe(true)
    expect(reruns(journal.entries())).toEqual([])
    expect(journal.of('registry').at(-1)?.isOut).toBe(false)
    for (const topic of [names.dlq, names.retry(5_000)]) expect(await fleet.records(topic)).toEqual([])
  }

  const type = workType('schemaless')

  test.each(['hang', '500', 'refuse'] as const)(
    'that %ss stops a fresh runner, and it goes on by itself',
    async (outage) => {
      const journal = createJournal()
      await using publisher = await TestFleet.start(broker, [workAgent(type, journal)])
      // A fleet of its own: the registry client of the one that registered the schemas knows them.
      await using fleet = await TestFleet.start(broker, [workAgent(type, journal)], { namespace: publisher.namespace })
      await using _runner = await startRunner(fleet, journal)
      await broker.registryFaults.setOutage(outage)
      try {
        await outlives(publisher, journal, () =>
          Promise.all(
            Array.from({ length: TASKS }, (_, n) =>
              publisher.send(type, work(n, { workMs: 1_500 }), { key: `key-${n}` }),
            ),
          ),
        )
      } finally {
        await broker.registryFaults.setOutage(null)
      }
      // They did not wait for the one that found the registry back.
      const startsMs = journal.of('started').map(({ atMs }) => atMs)
      expect(Math.max(...startsMs) - Math.min(...startsMs)).toBeLessThan(1_500)
    },
  )

  test('holds back tasks of a schema that is new, and none is lost', async () => {
    const journal = createJournal()
    await using publisher = await TestFleet.start(broker, [workAgent(type, journal)])
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)], { namespace: publisher.namespace })
    await using _runner = await startRunner(fleet, journal)
    const warm = [await publisher.send(type, work(0))]
    await vi.waitFor(async () => expect(unaccounted(warm, await publisher.ends(type))).toEqual([]), WAIT)
    const field = { name: 'since', type: ['null', 'string'], default: null }
    const evolvedWork = { ...WORK, fields: [...WORK.fields, field] }
    const schema = avroSchema<Work & { since: string | null }>(evolvedWork)
    const evolved = defineAgentType({ type: type.type, input: schema, output: type.output })
    await publisher.fleet.schemas.register(`${publisher.namespace}.${type.type}.tasks-value`, schema.text)
    await broker.registryFaults.setOutage('500')
    try {
      await outlives(publisher, journal, () =>
        Promise.all(
          Array.from({ length: TASKS }, (_, i) =>
            publisher.send(evolved, { ...work(1 + i), since: 'v2' }, { key: `key-${i}` }),
          ),
        ),
      )
    } finally {
      await broker.registryFaults.setOutage(null)
    }
  })

  test('in which a runner loses its partitions does not keep it from working on', async () => {
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)])
    await using runner = await RunnerProcess.start(fleet, { name: 'runner', type: type.type, journal })
    await broker.registryFaults.setOutage('refuse')
    try {
      const published = await Promise.all(Array.from({ length: TASKS }, (_, n) => fleet.send(type, work(n))))
      await vi.waitFor(() => expect(journal.of('registry').at(-1)?.isOut).toBe(true), WAIT)
      runner.signal('SIGSTOP')
      const admin = await fleet.fleet.admin()
      const groupId = groupIdOf(topicNames(type.type, fleet.namespace).tasks)
      await vi.waitFor(async () => expect((await admin.describeGroup(groupId)).members).toEqual([]), WAIT)
      runner.signal('SIGCONT')
      await vi.waitFor(() => expect(journal.of('lost').length).toBeGreaterThanOrEqual(3), WAIT)
      await runner.holds(3)
      await broker.registryFaults.setOutage(null)
      await vi.waitFor(async () => expect(unaccounted(published, await fleet.ends(type))).toEqual([]), WAIT)
    } finally {
      await broker.registryFaults.setOutage(null)
    }
  })
})
