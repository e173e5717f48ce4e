import { groupIdOf, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, everyPromise } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { CommitWatch, noteOf, saysFinished } from './commit-watch.ts'
import { createJournal } from './create-journal.ts'
import { allEnded } from './history.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { startRunner } from './start-runner.ts'
import { TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

const TASKS = 400
const PARTITIONS = 2

describe.each(testBrokers())('P7: what is committed, on $name', ({ start }) => {
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test('never calls a task finished that is not, and what it calls finished is not run again after a kill', async () => {
    const type = workType('committed')
    const agent = { concurrency: 30 }
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: PARTITIONS })
    const { tasks: topic } = topicNames(type.type, fleet.namespace)
    const groupId = groupIdOf(topic)
    const of = { type: type.type, agent, journal }
    await using first = await RunnerProcess.start(fleet, { ...of, name: 'first' })
    await first.holds(PARTITIONS)
    const watch = await CommitWatch.start(fleet, { groupId, topic, partitions: PARTITIONS })
    await using _ = watch
    // Completion order has nothing to do with publish order; every 50th hangs on for long and pins the offset.
    const published = await Promise.all(
      Array.from({ length: TASKS }, (_, n) =>
        fleet.send(type, work(n, { workMs: n % 50 === 7 ? 3_000 : (n * 37) % 90 })),
      ),
    )
    await vi.waitFor(() => expect(journal.of('ended').length).toBeGreaterThan(TASKS / 2), { ...WAIT, interval: 5 })
    await first.killAndBury()
    const admin = await fleet.fleet.admin()
    const tps = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }))
    const left = await admin.committed(groupId, tps)
    const claims = left.map(({ tp, next, metadata }) => ({ tp, next: next ?? 0, note: noteOf({ next, metadata }) }))
    expect(claims.every(({ note }) => note !== null && !note.clean)).toBe(true)

    await using second = await RunnerProcess.start(fleet, { ...of, name: 'second' })
    await allEnded(fleet, type, published)

    assertKept(...everyPromise(await fleet.history(type, published, journal)))
    const endedAtMs = new Map<string, number>()
    for (const { partition, offset, atMs } of journal.of('ended')) {
      const place = `${partition}/${offset}`
      endedAtMs.set(place, Math.min(atMs, endedAtMs.get(place) ?? atMs))
    }
    const early = watch.observations.flatMap((seen) =>
      published
        .filter(({ partition, offset }) => partition === seen.tp.partition && saysFinished(seen, offset))
        .filter(
          ({ partition, offset }) => (endedAtMs.get(`${partition}/${offset}`) ?? Number.POSITIVE_INFINITY) > seen.atMs,
        )
        .map(({ partition, offset }) => `a commit called ${partition}/${offset} finished before it ended`),
    )
    expect(early).toEqual([])
    expect(watch.regressions()).toEqual([])
    const aheadOfBase = watch.observations.filter(({ next, note }) => note !== null && note.end > next)
    expect(aheadOfBase.length).toBeGreaterThan(5)

    const startedBySecond = journal.of('started').filter(({ runner }) => runner === second.name)
    const mayHaveRun = new Map(startedBySecond.map((entry) => [entry.taskId, entry.mayHaveRun]))
    const finished = published.filter(({ partition, offset }) => {
      const claim = claims.find(({ tp }) => tp.partition === partition)
      return claim !== undefined && saysFinished(claim, offset)
    })
    expect(finished.length).toBeGreaterThan(TASKS / 4)
    expect(finished.filter(({ taskId }) => mayHaveRun.has(taskId))).toEqual([])
    const listedAsStarted = published.filter(({ partition, offset }) => {
      const note = claims.find(({ tp }) => tp.partition === partition)?.note
      return note?.unfinished.some((listed) => listed.offset === offset && listed.started) === true
    })
    expect(listedAsStarted.length).toBeGreaterThan(0)
    expect(listedAsStarted.filter(({ taskId }) => mayHaveRun.get(taskId) === false)).toEqual([])
  }, 90_000)

  test('is void where it lies beyond the end of the log: everything there is run', async () => {
    const type = workType('recreated')
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)], { partitions: 1 })
    const { tasks: topic } = topicNames(type.type, fleet.namespace)
    const tp = { topic, partition: 0 }
    const lost = await Promise.all(Array.from({ length: 20 }, (_, n) => fleet.send(type, work(n))))
    {
      await using _runner = await startRunner(fleet, journal)
      await allEnded(fleet, type, lost)
    }
    const admin = await fleet.fleet.admin()
    const [left] = await admin.committed(groupIdOf(topic), [tp])
    expect(left?.next).toBe(20)
    await admin.deleteTopics([topic])
    await fleet.fleet.topics.apply()
    // As a runner would leave it that had not heard of the deletion yet.
    await admin.commitNote(groupIdOf(topic), [{ tp, next: 20, metadata: left?.metadata ?? '' }])
    const fresh = await Promise.all(Array.from({ length: 5 }, (_, i) => fleet.send(type, work(100 + i))))
    expect(fresh.map(({ offset }) => offset).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4])
    await using _runner = await startRunner(fleet, journal)
    const later = await fleet.send(type, work(200))
    await allEnded(fleet, type, [...lost, ...fresh, later])
  })
})
