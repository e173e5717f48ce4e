import { setTimeout as sleep } from 'node:timers/promises'
import { type ApiName, type Fault, type Faults, KAFKA_ERRORS, type KafkaErrorName } from '@towline/dev-broker'
import { type OwnBroker, ownBrokers, type RunningBroker, startDevCluster, testBrokers } from '@towline/test-brokers'
import type { Course } from './course.ts'

/** A broker, and what befalls it by chance until the day is over; it is well again then. */
export interface TroubledBroker {
  readonly broker: Omit<RunningBroker, 'faults'>
  shake(course: Course): Promise<void>
}

export interface TroubledBrokerKind {
  /** For the names of suites. */
  readonly name: string
  start(): Promise<TroubledBroker>
}

/** A dev broker that errs and, where suites run on a Kafka, one that is killed and cut off. */
export async function troubledBrokers(): Promise<readonly TroubledBrokerKind[]> {
  const devBroker: TroubledBrokerKind = { name: 'a dev broker that errs', start: startErring }
  const shared = testBrokers().find(({ name }) => name === 'Apache Kafka')
  if (shared === undefined) return [devBroker]
  const own = (await ownBrokers()).find(({ name }) => name === 'Apache Kafka')
  if (own === undefined) {
    const start = async () => ({ broker: await shared.start(), shake: async () => undefined })
    return [devBroker, { name: 'an Apache Kafka that is well, for want of one to kill', start }]
  }
  const start = async (): Promise<TroubledBroker> => {
    const broker = await own.start()
    return { broker, shake: (course) => killAndCutOff(broker, course) }
  }
  return [devBroker, { name: 'an Apache Kafka that is killed and cut off', start }]
}

async function startErring(): Promise<TroubledBroker> {
  const broker = await startDevCluster(1)
  return { broker, shake: (course) => err(broker.faults, course) }
}

async function killAndCutOff(broker: OwnBroker, { random, isOver, tell }: Course): Promise<void> {
  while (!isOver()) {
    await sleep(2_000 + random.below(4_000))
    if (random.below(3) === 0) {
      tell('kill the broker')
      await broker.kill()
      await sleep(random.below(1_500))
      await broker.restart()
      tell('the broker is back')
    } else {
      const cutMs = random.pick([300, 2_000, 4_000, 8_000])
      tell(`cut the broker off for ${cutMs} ms`)
      await broker.network.cut()
      await sleep(cutMs)
      broker.network.restore()
    }
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

/** Troubles requests of the runners, with a lull now and then. */
async function err(faults: Faults, { random, isOver }: Course): Promise<void> {
  while (!isOver()) {
    for (let left = 4 + random.below(12); left > 0 && !isOver(); left -= 1) {
      await sleep(random.below(500))
      const { api, error } = random.pick(REFUSALS)
      const trouble = random.below(2) === 0 ? { errorCode: KAFKA_ERRORS[error] } : random.pick(TROUBLES)
      faults.add({ api, clientId: /^runner-/, times: 1 + random.below(3), ...trouble })
    }
    // What no request has met would pile up, until nobody could join any more.
    faults.clear()
    await sleep(random.below(4_000))
  }
}
