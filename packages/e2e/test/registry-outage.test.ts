import { setTimeout as sleep } from 'node:timers/promises'
import { avroSchema, defineAgentType, groupIdOf, topicNames } from '@towline/contracts'
import type { RegistryOutage } from '@towline/dev-broker'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, everyPromise, noDuplicates, noLoss } from '@towline/testing'
import { describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { allEnded, countingEnds } from './history.ts'
import type { Journal } from './journal.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { startRunner } from './start-runner.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { WORK, type Work, work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

const TASKS = 30
const OUTAGE_MS = 4_000
const LONG_OUTAGE_MS = 30_000

// Each test has a registry of its own, and waits most of the time: they run beside each other.
describe.each(testBrokers())('P13: an outage of the registry, on $name', ({ start }) => {
  const type = workType('schemaless')

  /** Takes the registry away while a fleet has work, and brings it back. */
  async function outlives(
    { broker, fleet, journal }: { broker: RunningBroker; fleet: TestFleet; journal: Journal },
    { outage, outageMs = OUTAGE_MS }: { outage: RegistryOutage; outageMs?: number },
    publish: () => Promise<readonly Published[]>,
  ): Promise<readonly Published[]> {
    await broker.registryFaults.setOutage(outage)
    const began = journal.of('started').length
    const published = await publish()
    await vi.waitFor(() => expect(journal.of('registry').at(-1)?.isOut).toBe(true), WAIT)
    // Long enough for several probes of the registry to fail.
    await sleep(outageMs)
    expect(journal.of('started').length).toBe(began)
    expect(await fleet.letters(type)).toEqual([])
    await broker.registryFaults.setOutage(null)
    await vi.waitFor(async () => {
      const ids = new Set(published.map(({ taskId }) => taskId))
      const ends = (await fleet.ends(type)).filter(({ taskId }) => ids.has(taskId))
      assertKept(noLoss([...published, ...ends]))
    }, WAIT)
    return published
  }

  /** Every task ran once, spent one attempt and left nothing in the topics of failures. */
  async function expectNoHarm(fleet: TestFleet, journal: Journal, published: readonly Published[]): Promise<void> {
    const history = await fleet.history(type, published, journal)
    assertKept(noDuplicates(history), ...everyPromise(history))
    const ends = [...countingEnds(await fleet.ends(type)).values()]
    expect(ends.every(({ end, attempts }) => end === 'succeeded' && attempts === 1)).toBe(true)
    expect(await fleet.letters(type)).toEqual([])
    expect(await fleet.records(topicNames(type.type, fleet.namespace).retry(5_000))).toEqual([])
    const lastHeard = new Map(journal.of('registry').map(({ runner, isOut }) => [runner, isOut]))
    expect([...lastHeard.values()].filter((isOut) => isOut)).toEqual([])
  }

  /** A publisher that knows the schemas, and a fleet of its own beside it that has never asked for one. */
  async function strangers(
    broker: RunningBroker,
    journal: Journal,
  ): Promise<{ publisher: TestFleet; fleet: TestFleet }> {
    const publisher = await TestFleet.start(broker, [workAgent(type, journal)])
    const { namespace } = publisher
    return { publisher, fleet: await TestFleet.start(broker, [workAgent(type, journal)], { namespace }) }
  }

  test.concurrent.for(['hang', '500', 'refuse'] as const)(
    'that %ss stops a fresh runner, and it goes on by itself',
    { timeout: 90_000 },
    async (outage, hooks) => {
      await using broker = await start()
      const journal = createJournal('test', hooks)
      const { publisher, fleet } = await strangers(broker, journal)
      await using _publisher = publisher
      await using _fleet = fleet
      await using _runner = await startRunner(fleet, journal)
      const published = await outlives({ broker, fleet: publisher, journal }, { outage }, () =>
        Promise.all(
          Array.from({ length: TASKS }, (_, n) =>
            publisher.send(type, work(n, { workMs: 1_500 }), { key: `key-${n}` }),
          ),
        ),
      )
      await expectNoHarm(publisher, journal, published)
      // They did not wait for the one that found the registry back.
      const startsMs = journal.of('started').map(({ atMs }) => atMs)
      expect(Math.max(...startsMs) - Math.min(...startsMs)).toBeLessThan(1_500)
    },
  )

  test.concurrent('of 30 s holds back two processes that know no schema, and both go on by themselves', async (hooks) => {
    await using broker = await start()
    const journal = createJournal('test', hooks)
    await using publisher = await TestFleet.start(broker, [workAgent(type, journal)], { partitions: 4 })
    const of = { type: type.type, journal }
    const [first, second] = await Promise.all([
      RunnerProcess.start(publisher, { ...of, name: 'first' }),
      RunnerProcess.start(publisher, { ...of, name: 'second' }),
    ])
    await using _first = first
    await using _second = second
    await Promise.all([first.holds(2), second.holds(2)])
    const long = { outage: 'refuse', outageMs: LONG_OUTAGE_MS } as const
    const published = await outlives({ broker, fleet: publisher, journal }, long, () =>
      Promise.all(
        Array.from({ length: 10 * TASKS }, (_, n) => publisher.send(type, work(n), { key: `key-${n % 40}` })),
      ),
    )
    await expectNoHarm(publisher, journal, published)
    expect(new Set(journal.of('returned').map(({ runner }) => runner))).toEqual(new Set(['first', 'second']))
  }, 120_000)

  test.concurrent('holds back tasks of a schema that is new, and none is lost', async (hooks) => {
    await using broker = await start()
    const journal = createJournal('test', hooks)
    const { publisher, fleet } = await strangers(broker, journal)
    await using _publisher = publisher
    await using _fleet = fleet
    await using _runner = await startRunner(fleet, journal)
    const warm = [await publisher.send(type, work(0))]
    await allEnded(publisher, type, warm)
    const field = { name: 'since', type: ['null', 'string'], default: null }
    const evolvedWork = { ...WORK, fields: [...WORK.fields, field] }
    const schema = avroSchema<Work & { since: string | null }>(evolvedWork)
    const evolved = defineAgentType({ type: type.type, input: schema, output: type.output })
    await publisher.fleet.schemas.register(`${publisher.namespace}.${type.type}.tasks-value`, schema.text)
    const published = await outlives({ broker, fleet: publisher, journal }, { outage: '500' }, () =>
      Promise.all(
        Array.from({ length: TASKS }, (_, i) =>
          publisher.send(evolved, { ...work(1 + i), since: 'v2' }, { key: `key-${i}` }),
        ),
      ),
    )
    await expectNoHarm(publisher, journal, [...warm, ...published])
  }, 90_000)

  test.concurrent('in which a runner loses its partitions does not keep it from working on', async (hooks) => {
    await using broker = await start()
    const journal = createJournal('test', hooks)
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)])
    await using runner = await RunnerProcess.start(fleet, { name: 'runner', type: type.type, journal })
    await broker.registryFaults.setOutage('refuse')
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
    await allEnded(fleet, type, published)
    await expectNoHarm(fleet, journal, published)
  }, 90_000)
})
