import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, everyPromise, noDuplicates, reruns } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { allEnded, countingEnds } from './history.ts'
import type { Journal } from './journal.ts'
import { Load } from './load.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

const RUNNERS = 4
const TASKS = 240
/** What leaving groups and closing connections may take on a busy machine, beside the drain itself. */
const LEAVING_MS = 5_000

describe.each(testBrokers())('P16: `towline run` told to stop, on $name', ({ start }) => {
  const type = workType('drained')
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  async function membersOf(fleet: TestFleet): Promise<readonly string[]> {
    const admin = await fleet.fleet.admin()
    const groups = await Promise.all((await fleet.groupIds()).map((groupId) => admin.describeGroup(groupId)))
    return groups.flatMap(({ members }) => members.map(({ clientId }) => clientId))
  }

  async function expectNothingTwice(fleet: TestFleet, journal: Journal, published: readonly Published[]) {
    const history = await fleet.history(type, published, journal)
    assertKept(noDuplicates(history), ...everyPromise(history))
    const ends = await fleet.ends(type)
    expect(ends).toHaveLength(published.length)
    expect(ends.filter(({ result }) => result.mayHaveRun)).toEqual([])
  }

  test('beside another under load leaves its partitions to it, and nothing is run twice', async () => {
    const agent = { concurrency: 10 }
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: 4 })
    const of = { type: type.type, agent, journal }
    const [stays, leaves] = await Promise.all([
      RunnerProcess.start(fleet, { ...of, name: 'stays' }),
      RunnerProcess.start(fleet, { ...of, name: 'leaves' }),
    ])
    await using _stays = stays
    await using _leaves = leaves
    await Promise.all([stays.holds(2), leaves.holds(2)])
    const load = Load.start(fleet, type, { perSecond: 200, deedOf: (n) => ({ workMs: 20 + ((n * 37) % 120) }) })
    await vi.waitFor(() => {
      for (const { name } of [stays, leaves]) {
        expect(journal.of('ended').filter(({ runner }) => runner === name).length).toBeGreaterThan(30)
      }
    }, WAIT)
    leaves.signal('SIGTERM')
    expect(await leaves.exited).toEqual({ code: 0, signal: null })
    expect(await membersOf(fleet)).not.toContain('leaves')
    await stays.holds(4)
    const published = await load.stop()
    await allEnded(fleet, type, published)
    await expectNothingTwice(fleet, journal, published)
  }, 60_000)

  test('under load exits with 0, has left its groups, and nothing it ran is run again', async () => {
    const agent = { concurrency: 10 }
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)])
    const published = await Promise.all(
      Array.from({ length: TASKS }, (_, n) =>
        fleet.send(type, work(n, { workMs: 40 + ((n * 37) % 120) }), { key: `key-${n % 60}` }),
      ),
    )
    const finished = (): number => journal.of('returned').length
    for (let generation = 1; generation <= RUNNERS; generation += 1) {
      const name = `generation-${generation}`
      const isLast = generation === RUNNERS
      const of = { type: type.type, agent, journal, drain: '10s', isCommandLine: true }
      await using runner = await RunnerProcess.start(fleet, { ...of, name })
      const enough = isLast ? TASKS : finished() + 20
      await vi.waitFor(() => expect(finished()).toBeGreaterThanOrEqual(enough), { ...WAIT, interval: 5 })
      if (!isLast) expect(finished()).toBeLessThan(TASKS)
      expect(await membersOf(fleet)).toContain(name)
      runner.signal('SIGTERM')
      expect(await runner.exited).toEqual({ code: 0, signal: null })
      expect(await membersOf(fleet)).toEqual([])
    }
    await expectNothingTwice(fleet, journal, published)
    const tellers = (kind: 'ended' | 'committed' | 'lost') => new Set(journal.of(kind).map(({ runner }) => runner))
    for (const kind of ['ended', 'committed', 'lost'] as const) expect(tellers(kind).size).toBe(RUNNERS)
  }, 90_000)

  test.concurrent('interrupts at the deadline what cannot finish; that spends no attempt and runs elsewhere', async (hooks) => {
    const journal = createJournal('test', hooks)
    const agent = { retry: { maxAttempts: 1 }, abortGrace: '1s' }
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)])
    const of = { type: type.type, agent, journal }
    await using first = await RunnerProcess.start(fleet, { ...of, name: 'first', drain: '1s', isCommandLine: true })
    // One stops when its signal is aborted, one never does, one is done before the deadline.
    const published = await Promise.all([
      fleet.send(type, work(0, { workMs: 5_000 })),
      fleet.send(type, work(1, { workMs: 5_000, ignoresAbort: true })),
      fleet.send(type, work(2, { workMs: 500 })),
    ])
    await vi.waitFor(() => expect(journal.of('started')).toHaveLength(3), { ...WAIT, interval: 5 })
    const toldAtMs = Date.now()
    first.signal('SIGTERM')
    expect(await first.exited).toEqual({ code: 0, signal: null })
    expect(Date.now() - toldAtMs).toBeLessThan(1_000 + 1_000 + LEAVING_MS)
    expect(await membersOf(fleet)).toEqual([])
    expect(journal.of('returned').map(({ n }) => n)).toEqual([2])

    await using second = await RunnerProcess.start(fleet, { ...of, name: 'second' })
    await allEnded(fleet, type, published)
    const ends = [...countingEnds(await fleet.ends(type)).values()]
    expect(ends.every(({ end, attempts }) => end === 'succeeded' && attempts === 1)).toBe(true)
    expect(
      reruns(journal.of('started')).map(({ again }) => ({
        n: again.n,
        by: again.runner,
        mayHaveRun: again.mayHaveRun,
      })),
    ).toEqual(
      expect.arrayContaining([
        { n: 0, by: second.name, mayHaveRun: true },
        { n: 1, by: second.name, mayHaveRun: true },
      ]),
    )
    expect(reruns(journal.of('started'))).toHaveLength(2)
    assertKept(...everyPromise(await fleet.history(type, published, journal)))
  }, 60_000)

  test.concurrent('a second signal ends it at once, and what it ran is run by others', async (hooks) => {
    const journal = createJournal('test', hooks)
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)])
    const of = { type: type.type, journal }
    await using first = await RunnerProcess.start(fleet, { ...of, name: 'first', drain: '1m', isCommandLine: true })
    const published = [await fleet.send(type, work(0, { workMs: 3_000, ignoresAbort: true }))]
    await vi.waitFor(() => expect(journal.of('started')).toHaveLength(1), { ...WAIT, interval: 5 })
    first.signal('SIGTERM')
    await first.says('draining')
    first.signal('SIGTERM')
    expect(await first.exited).toEqual({ code: 130, signal: null })
    expect(journal.of('returned')).toEqual([])
    expect(await membersOf(fleet)).toEqual([])

    await using _second = await RunnerProcess.start(fleet, { ...of, name: 'second' })
    await allEnded(fleet, type, published)
    assertKept(...everyPromise(await fleet.history(type, published, journal)))
  }, 60_000)

  test.concurrent('does not wait for outcomes that nobody may write any more', async (hooks) => {
    const journal = createJournal('test', hooks)
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)])
    const of = { type: type.type, journal, drain: '10s' }
    await using zombie = await RunnerProcess.start(fleet, { ...of, name: 'zombie' })
    const published = await Promise.all(
      Array.from({ length: 12 }, (_, n) => fleet.send(type, work(n, { workMs: 1_000 }))),
    )
    await vi.waitFor(() => expect(journal.of('started')).toHaveLength(12), { ...WAIT, interval: 5 })
    zombie.signal('SIGSTOP')
    await using _heir = await RunnerProcess.start(fleet, { ...of, name: 'heir' })
    await allEnded(fleet, type, published)
    // It wakes with outcomes it may not write, nobody to ask whether it may, and the order to stop.
    const wokenAtMs = Date.now()
    zombie.signal('SIGTERM')
    zombie.signal('SIGCONT')
    expect(await zombie.exited).toEqual({ code: 0, signal: null })
    expect(Date.now() - wokenAtMs).toBeLessThan(LEAVING_MS)
    expect(await fleet.ends(type)).toHaveLength(12)
    assertKept(...everyPromise(await fleet.history(type, published, journal)))
  }, 60_000)
})
