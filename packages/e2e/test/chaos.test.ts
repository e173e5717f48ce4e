import { setTimeout as sleep } from 'node:timers/promises'
import { groupIdOf, topicNames } from '@towline/contracts'
import {
  assertKept,
  boundedDuplicates,
  exactLedger,
  keyOrder,
  neverEarlyRetry,
  noConcurrentKey,
  noLoss,
  reruns,
} from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Course } from './chaos/course.ts'
import { fateOf } from './chaos/fates.ts'
import { shakeRegistry } from './chaos/shake-registry.ts'
import { shakeRunner } from './chaos/shake-runner.ts'
import { type TroubledBroker, troubledBrokers } from './chaos/troubled-broker.ts'
import { CommitWatch } from './commit-watch.ts'
import { createJournal } from './create-journal.ts'
import { countingEnds } from './history.ts'
import { Random } from './random.ts'
import { RunnerProcess } from './runner-process.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

/** `npm run soak` has a long day, and another each time. */
const CHAOS_MS = Number(process.env['E2E_CHAOS_MS'] ?? 15_000)
/** Decides what befalls whom and when; what the processes make of it is another story each time. */
const SEED = Number(process.env['E2E_CHAOS_SEED'] ?? 1)
const RUNNERS = 3
const PARTITIONS = 6
/** An outage of the broker may stand in the way. */
const PATIENT = { timeout: 90_000, interval: 200 }

describe.each(await troubledBrokers())(
  'P1 to P4 and P7 under random faults, on $name',
  ({ name: brokerName, start }) => {
    const type = workType('chaos')
    let troubled: TroubledBroker

    beforeAll(async () => {
      troubled = await start()
    })
    afterAll(() => troubled.broker.stop())

    test(
      `every promise holds over the whole history (seed ${SEED})`,
      async () => {
        const random = new Random(SEED)
        const journal = createJournal()
        const agent = { concurrency: 10, retry: { delays: ['1s'], tiers: ['1s'], maxAttempts: 3 } }
        const { broker } = troubled
        await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: PARTITIONS })
        const { tasks: topic } = topicNames(type.type, fleet.namespace)
        await using watch = await CommitWatch.start(fleet, { groupId: groupIdOf(topic), topic, partitions: PARTITIONS })
        const of = { type: type.type, agent, journal, drain: '5s' }
        let processes = 0
        const runners = {
          // A runner refuses to start while registry or broker are out; what watches over it tries again. Each process has
          // a name of its own: the next knows nothing of what one told.
          start: (name: string) =>
            vi.waitFor(async () => {
              processes += 1
              return await RunnerProcess.start(fleet, { ...of, name: `${name}.${processes}` })
            }, PATIENT),
          bury: (name: string) => vi.waitFor(async () => await fleet.bury(name), PATIENT),
        }

        const published: Published[] = []
        const chaos = new AbortController()
        const timer = setTimeout(() => chaos.abort(), CHAOS_MS)
        const course = (): Course => ({
          random: random.fork(),
          isOver: () => chaos.signal.aborted,
          tell: (message) => journal.write({ kind: 'log', message }),
        })
        const publishing = publish(fleet, published, course())
        const shaking = Array.from({ length: RUNNERS }, (_, at) => shakeRunner(runners, `runner-${at}`, course()))
        const outages = [shakeRegistry(broker, course()), troubled.shake(course())]
        const survivors = await Promise.all(shaking)
        await Promise.all([publishing, ...outages])
        clearTimeout(timer)
        try {
          await vi.waitFor(async () => assertKept(noLoss([...published, ...(await fleet.ends(type))])), {
            timeout: 90_000 + CHAOS_MS / 2,
            interval: 500,
          })
        } finally {
          await Promise.all(survivors.map((runner) => runner[Symbol.asyncDispose]()))
        }

        const ends = countingEnds(await fleet.ends(type))
        const strange = published.filter(({ taskId, n }) => {
          const { end, reason } = fateOf(n)
          const found = ends.get(`${taskId}/1`)
          return found?.end !== end || found.reason !== reason
        })
        expect(strange.map(({ taskId, n }) => ({ n, ...ends.get(`${taskId}/1`) }))).toEqual([])
        const { placed, repeated } = await fleet.inLog(type, published)
        const history = await fleet.history(type, placed, journal)
        assertKept(exactLedger(history), keyOrder(history), noConcurrentKey(history), neverEarlyRetry(history, [1_000]))
        expect(watch.regressions()).toEqual([])
        // A repeat, of a move to a tier or of a publish, is told from its first by whoever dropped that, while they hold the
        // partition.
        const mayRepeat = new Set(
          placed
            .filter(({ n, key, taskId }) => repeated.has(taskId) || (key === null && fateOf(n).isRetried))
            .map(({ n }) => n),
        )
        assertKept(boundedDuplicates(journal.entries().filter((entry) => !('n' in entry) || !mayRepeat.has(entry.n))))
        expect(published.length).toBeGreaterThan(CHAOS_MS / 300)
        const again = reruns(journal.of('started')).length
        process.stdout.write(
          `chaos on ${brokerName}, seed ${SEED}: ${published.length} tasks, ${again} attempts ran again\n`,
        )
      },
      2 * CHAOS_MS + 240_000,
    )
  },
)

/** A load, not a burst, of tasks with and without keys. */
async function publish(fleet: TestFleet, published: Published[], { random, isOver }: Course): Promise<void> {
  for (let n = 0; !isOver(); ) {
    const sending: Promise<Published>[] = []
    for (const end = n + random.below(40); n < end; n += 1) {
      const deed = { ...fateOf(n).deed, workMs: random.below(60) }
      sending.push(
        fleet.send(workType('chaos'), work(n, deed), random.below(2) === 0 ? {} : { key: `key-${random.below(30)}` }),
      )
    }
    published.push(...(await Promise.all(sending)))
    await sleep(100 + random.below(200)) // chance says when
  }
}
