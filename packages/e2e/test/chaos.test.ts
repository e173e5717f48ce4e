import { setTimeout as sleep } from 'node:timers/promises'
import { groupIdOf, topicNames } from '@towline/contracts'
import { type ApiName, type Fault, KAFKA_ERRORS, type KafkaErrorName } from '@towline/dev-broker'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import {
  assertKept,
  boundedDuplicates,
  exactLedger,
  keyOrder,
  neverEarlyRetry,
  noConcurrentKey,
  noLoss,
} from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { CommitWatch } from './commit-watch.ts'
import { createJournal } from './create-journal.ts'
import { countingEnds } from './history.ts'
import { Random } from './random.ts'
import { RunnerProcess } from './runner-process.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { type Deed, work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

/** Longer runs and other courses of events, by hand: E2E_CHAOS_MS and E2E_CHAOS_SEED. */
const CHAOS_MS = Number(process.env['E2E_CHAOS_MS'] ?? 15_000)
const SEED = Number(process.env['E2E_CHAOS_SEED'] ?? 1)
const RUNNERS = 3
const PARTITIONS = 6

describe.each(testBrokers())('P1 to P4 and P7 under random faults, on $name', ({ start }) => {
  const type = workType('chaos')
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test(
    `every promise holds over the whole history (seed ${SEED})`,
    async () => {
      const random = new Random(SEED)
      const journal = createJournal()
      const agent = { concurrency: 10, retry: { delays: ['1s'], tiers: ['1s'], maxAttempts: 3 } }
      await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: PARTITIONS })
      const { tasks: topic } = topicNames(type.type, fleet.namespace)
      await using watch = await CommitWatch.start(fleet, { groupId: groupIdOf(topic), topic, partitions: PARTITIONS })
      // A runner refuses to start while the registry is out; what watches over it tries again.
      const startRunner = async (name: string): Promise<RunnerProcess> =>
        await vi.waitFor(
          async () => await RunnerProcess.start(fleet, { name, type: type.type, agent, journal, drain: '5s' }),
          { timeout: 60_000, interval: 200 },
        )

      const published: Published[] = []
      const chaos = new AbortController()
      const isOver = (): boolean => chaos.signal.aborted
      const timer = setTimeout(() => chaos.abort(), CHAOS_MS)
      const publishing = publish(fleet, { random: random.fork(), published, isOver })
      const shaking = Array.from({ length: RUNNERS }, (_, at) =>
        shake(startRunner, `runner-${at}`, { random: random.fork(), isOver }),
      )
      const outages = [
        shakeRegistry(broker, { random: random.fork(), isOver }),
        shakeBroker(broker, { random: random.fork(), isOver }),
      ]
      const survivors = await Promise.all(shaking)
      await Promise.all([publishing, ...outages])
      clearTimeout(timer)
      try {
        await vi.waitFor(async () => assertKept(noLoss([...published, ...(await fleet.ends(type))])), {
          timeout: 90_000,
          interval: 500,
        })
      } finally {
        await Promise.all(survivors.map((runner) => runner[Symbol.asyncDispose]()))
      }

      const entries = journal.entries()
      const ends = countingEnds(await fleet.ends(type))
      const strange = published.filter(({ taskId, n }) => {
        const { end, reason } = fateOf(n)
        const found = ends.get(`${taskId}/1`)
        return found?.end !== end || found.reason !== reason
      })
      expect(strange.map(({ taskId, n }) => ({ n, ...ends.get(`${taskId}/1`) }))).toEqual([])
      const history = await fleet.history(type, published, journal)
      assertKept(exactLedger(history), keyOrder(history), noConcurrentKey(history), neverEarlyRetry(history, [1_000]))
      expect(watch.regressions()).toEqual([])
      // A repeated move to a tier is told by whoever dropped the first one only while they hold the partition.
      const throughTiers = new Set(
        published.filter(({ n, key }) => key === null && fateOf(n).isRetried).map(({ n }) => n),
      )
      const inPlace = entries.filter((entry) => !('n' in entry) || !throughTiers.has(entry.n))
      assertKept(boundedDuplicates(inPlace))
      expect(published.length).toBeGreaterThan(CHAOS_MS / 100)
    },
    CHAOS_MS + 120_000,
  )
})

interface Fate {
  readonly deed: Deed
  readonly end: 'succeeded' | 'dead-lettered'
  readonly reason: 'terminal' | 'attempts-exhausted' | null
  readonly isRetried: boolean
}

const SUCCEEDS: Fate = { deed: {}, end: 'succeeded', reason: null, isRetried: false }
const FATES: readonly Fate[] = [
  ...[SUCCEEDS, SUCCEEDS, SUCCEEDS, SUCCEEDS],
  { deed: { failAttempts: 1 }, end: 'succeeded', reason: null, isRetried: true },
  { deed: { failAttempts: 99 }, end: 'dead-lettered', reason: 'attempts-exhausted', isRetried: true },
  { deed: { terminal: 'never' }, end: 'dead-lettered', reason: 'terminal', isRetried: false },
]

function fateOf(n: number): Fate {
  return FATES[n % FATES.length] as Fate
}

interface Course {
  readonly random: Random
  isOver(): boolean
}

async function publish(
  fleet: TestFleet,
  { published, random, isOver }: Course & { published: Published[] },
): Promise<void> {
  for (let n = 0; !isOver(); ) {
    const sending: Promise<Published>[] = []
    for (const end = n + random.below(40); n < end; n += 1) {
      const deed = { ...fateOf(n).deed, workMs: random.below(60) }
      sending.push(
        fleet.send(workType('chaos'), work(n, deed), random.below(2) === 0 ? {} : { key: `key-${random.below(30)}` }),
      )
    }
    published.push(...(await Promise.all(sending)))
    await sleep(100 + random.below(200)) // a load, not a burst
  }
}

/** Kills, freezes, drains and restarts one runner; returns the last one, alive. */
async function shake(
  start: (name: string) => Promise<RunnerProcess>,
  name: string,
  { random, isOver }: Course,
): Promise<RunnerProcess> {
  let generation = 1
  let runner = await start(`${name}.${generation}`)
  while (!isOver()) {
    await sleep(500 + random.below(2_500)) // chance says when; so it does of all waits below
    switch (random.pick(['kill', 'bury', 'freeze', 'drain'] as const)) {
      case 'kill':
        await runner.kill()
        break
      case 'bury':
        await runner.killAndBury()
        break
      case 'drain':
        runner.signal('SIGTERM')
        await runner.exited
        break
      case 'freeze':
        runner.signal('SIGSTOP')
        await sleep(random.pick([300, 2_000, 4_000, 9_000]))
        runner.signal('SIGCONT')
        continue
    }
    generation += 1
    runner = await start(`${name}.${generation}`)
  }
  return runner
}

async function shakeRegistry({ registryFaults }: RunningBroker, { random, isOver }: Course): Promise<void> {
  while (!isOver()) {
    await sleep(random.below(5_000))
    await registryFaults.setOutage(random.pick(['hang', '500', 'refuse'] as const))
    await sleep(random.below(1_500))
    await registryFaults.setOutage(null)
  }
}

/** What may happen to any request. */
const TROUBLES: readonly Omit<Fault, 'api'>[] = [
  { drop: true },
  { drop: true, when: 'after' },
  { delayMs: 300 },
  { delayMs: 4_000 },
  { errorCode: KAFKA_ERRORS.UNKNOWN_SERVER_ERROR, when: 'after' },
]
/** What Kafka itself answers now and then. */
const REFUSALS = [
  ...[
    { api: 'Produce', error: 'NOT_LEADER_OR_FOLLOWER' },
    { api: 'Produce', error: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' },
  ],
  ...[
    { api: 'Fetch', error: 'NOT_LEADER_OR_FOLLOWER' },
    { api: 'Metadata', error: 'LEADER_NOT_AVAILABLE' },
  ],
  ...[
    { api: 'OffsetCommit', error: 'NOT_COORDINATOR' },
    { api: 'OffsetCommit', error: 'REBALANCE_IN_PROGRESS' },
  ],
  ...[
    { api: 'Heartbeat', error: 'REBALANCE_IN_PROGRESS' },
    { api: 'Heartbeat', error: 'UNKNOWN_MEMBER_ID' },
  ],
  ...[
    { api: 'JoinGroup', error: 'COORDINATOR_NOT_AVAILABLE' },
    { api: 'SyncGroup', error: 'REBALANCE_IN_PROGRESS' },
  ],
  ...[
    { api: 'OffsetFetch', error: 'COORDINATOR_LOAD_IN_PROGRESS' },
    { api: 'ListOffsets', error: 'NOT_LEADER_OR_FOLLOWER' },
  ],
] as const satisfies readonly { api: ApiName; error: KafkaErrorName }[]

/** Troubles requests of the runners, where the broker lets itself be told to. */
async function shakeBroker({ faults }: RunningBroker, { random, isOver }: Course): Promise<void> {
  while (faults !== undefined && !isOver()) {
    await sleep(random.below(500))
    const { api, error } = random.pick(REFUSALS)
    const trouble = random.below(2) === 0 ? { errorCode: KAFKA_ERRORS[error] } : random.pick(TROUBLES)
    faults.add({ api, clientId: /^runner-/, times: 1 + random.below(3), ...trouble })
  }
  faults?.clear()
}
