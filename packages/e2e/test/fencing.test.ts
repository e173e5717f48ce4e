import { setTimeout as sleep } from 'node:timers/promises'
import { groupIdOf, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, everyPromise, noDuplicates } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { CommitWatch } from './commit-watch.ts'
import { createJournal } from './create-journal.ts'
import { allEnded, countingEnds } from './history.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

const RUNNING = 12

describe.each(testBrokers())('P4: a runner that was frozen past its session, on $name', ({ start }) => {
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test.concurrent('changes nothing when it wakes: no end, no commit, no dead letter; it rejoins and works on', async (hooks) => {
    const type = workType('zombie')
    const agent = { concurrency: 20 }
    const journal = createJournal('test', hooks)
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: 3 })
    const { tasks } = topicNames(type.type, fleet.namespace)
    const of = { type: type.type, agent, journal }
    await using zombie = await RunnerProcess.start(fleet, { ...of, name: 'zombie' })
    await zombie.holds(3)
    await using watch = await CommitWatch.start(fleet, { groupId: groupIdOf(tasks), topic: tasks, partitions: 3 })
    const early = await Promise.all(Array.from({ length: 9 }, (_, n) => fleet.send(type, work(n))))
    await vi.waitFor(() => expect(watch.covers(early)).toBe(true), WAIT)
    const isDoomed = (i: number): boolean => i % 3 === 0
    const caught = await Promise.all(
      Array.from({ length: RUNNING }, (_, i) => {
        const deed = { workMs: 1_000, ...(isDoomed(i) ? { terminal: 'never' } : {}) }
        return fleet.send(type, work(100 + i, deed), { key: `key-${i}` })
      }),
    )
    const doomed = caught.filter((_, i) => isDoomed(i)).map(({ taskId }) => taskId)
    // Behind a running one of its key: the zombie must not start it when it wakes.
    const waiting = await Promise.all(
      Array.from({ length: RUNNING }, (_, i) => fleet.send(type, work(200 + i), { key: `key-${i}` })),
    )
    await vi.waitFor(() => {
      expect(new Set(journal.of('started').map(({ n }) => n)).size).toBe(early.length + RUNNING)
    }, WAIT)
    zombie.signal('SIGSTOP')
    const frozenAt = journal.entries().length

    await using heir = await RunnerProcess.start(fleet, { ...of, name: 'heir' })
    await heir.holds(3)
    const published = [...early, ...caught, ...waiting]
    await allEnded(fleet, type, published)
    const endsBefore = await fleet.ends(type)
    zombie.signal('SIGCONT')
    await vi.waitFor(() => {
      const held = zombie.journal.held(tasks).size
      expect(held).toBeGreaterThan(0)
      expect(held).toBeLessThan(3)
    }, WAIT)
    const byZombie = journal
      .entries()
      .slice(frozenAt)
      .filter(({ runner }) => runner === zombie.name)
    expect(byZombie.filter(({ kind }) => kind === 'started')).toEqual([])
    expect(await fleet.ends(type)).toHaveLength(endsBefore.length)
    expect((await fleet.letters(type)).map(({ taskId }) => taskId).toSorted()).toEqual(doomed.toSorted())

    const late = await Promise.all(Array.from({ length: 60 }, (_, i) => fleet.send(type, work(300 + i, { workMs: 5 }))))
    published.push(...late)
    await allEnded(fleet, type, published)
    const ends = await fleet.ends(type)
    const counting = countingEnds(ends)
    expect(ends).toHaveLength(published.length)
    for (const { taskId } of [...caught, ...waiting]) expect(counting.get(`${taskId}/1`)?.runnerId).toBe('heir')
    for (const { taskId } of caught)
      expect(counting.get(`${taskId}/1`)).toMatchObject({ mayHaveRun: true, attempts: 1 })
    expect(new Set(late.map(({ taskId }) => counting.get(`${taskId}/1`)?.runnerId))).toEqual(
      new Set(['zombie', 'heir']),
    )
    expect((await fleet.letters(type)).map(({ taskId }) => taskId).toSorted()).toEqual(doomed.toSorted())
    assertKept(...everyPromise(await fleet.history(type, published, journal)))
    expect(watch.regressions()).toEqual([])
    expect(watch.observations.length).toBeGreaterThan(10)
  }, 90_000)

  test.concurrent('within its session loses nothing: what it finished while nobody had heard of it is written when it is heard again', async (hooks) => {
    const type = workType('slow-to-answer')
    const journal = createJournal('test', hooks)
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)], { partitions: 2 })
    const of = { type: type.type, journal }
    await using frozen = await RunnerProcess.start(fleet, { ...of, name: 'frozen' })
    await using witness = await RunnerProcess.start(fleet, { ...of, name: 'witness' })
    // Both: a partition taken over uncleanly suspects the tasks that its log holds by then.
    await Promise.all([frozen.holds(1), witness.holds(1)])
    const running = await Promise.all(
      Array.from({ length: RUNNING }, (_, i) => fleet.send(type, work(i, { workMs: 1_500 }), { key: `key-${i}` })),
    )
    await vi.waitFor(() => expect(journal.of('started')).toHaveLength(RUNNING), WAIT)
    frozen.signal('SIGSTOP')
    // Longer than the trust window of 3 s, shorter than the session of 6 s.
    await sleep(4_000)
    frozen.signal('SIGCONT')
    await allEnded(fleet, type, running)
    assertKept(noDuplicates(journal.entries()), ...everyPromise(await fleet.history(type, running, journal)))
    const ends = await fleet.ends(type)
    expect(ends).toHaveLength(RUNNING)
    expect(ends.filter(({ result }) => result.mayHaveRun)).toEqual([])
    expect(new Set(ends.map(({ result }) => result.runnerId))).toEqual(new Set(['frozen', 'witness']))
    expect(
      journal.of('lost').filter(({ runner, topic }) => runner === 'frozen' && topic.endsWith('.tasks')),
    ).toHaveLength(1)
  }, 60_000)
})
