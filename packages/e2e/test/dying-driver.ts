import process from 'node:process'
import type { Logger } from '@towline/contracts'
import type { ResolvedConfig } from '@towline/fleet'
import type { ConsumerPort, KafkaDriver, ProducerPort, TopicPartition } from '@towline/kafka'
import { connectKafka } from '@towline/kafka/kafkajs'

/** The moment at which a process kills itself: before it asks Kafka for a step, or once Kafka has confirmed it. */
export interface DeathPoint {
  readonly when: 'before' | 'after'
  readonly step: 'produce' | 'commit'
  /** The kind of topic it is about: `tasks`, `dlq`, `retry.1s`. */
  readonly kind: string
  /** Only once a record was confirmed in a topic of this kind. Default: the first time. */
  readonly afterProduceTo?: string
}

/** For a fleet's environment: a driver that dies where E2E_DIE_AT (JSON) says; the usual one where it says nothing. */
export function driverOfEnvironment(
  { brokers, clientId, ssl }: ResolvedConfig,
  log: Logger,
): { readonly driver?: KafkaDriver } {
  const point = process.env['E2E_DIE_AT']
  if (point === undefined) return {}
  return { driver: dyingDriver(connectKafka({ brokers, clientId, ssl, log }), JSON.parse(point) as DeathPoint) }
}

/** A driver whose process dies, as by SIGKILL, between two steps of its choice. */
function dyingDriver(driver: KafkaDriver, point: DeathPoint): KafkaDriver {
  let isArmed = point.afterProduceTo === undefined
  const dieAt = (when: DeathPoint['when'], step: DeathPoint['step'], tps: readonly TopicPartition[]): void => {
    if (isArmed && point.when === when && point.step === step && isAbout(tps, point.kind)) {
      process.kill(process.pid, 'SIGKILL')
    }
  }
  const producer = (port: ProducerPort): ProducerPort =>
    overriding(port, {
      async send(batches) {
        dieAt('before', 'produce', batches)
        const results = await port.send(batches)
        const written = batches.filter((_, at) => results[at]?.kind === 'written')
        dieAt('after', 'produce', written)
        if (point.afterProduceTo !== undefined) isArmed ||= isAbout(written, point.afterProduceTo)
        return results
      },
    })
  const consumer = (port: ConsumerPort): ConsumerPort =>
    overriding(port, {
      async commit(entries, deadlineMs) {
        const tps = entries.map(({ tp }) => tp)
        dieAt('before', 'commit', tps)
        const result = await port.commit(entries, deadlineMs)
        if (result === 'confirmed') dieAt('after', 'commit', tps)
        return result
      },
    })
  return overriding(driver, {
    consumer: (options) => consumer(driver.consumer(options)),
    producer: async () => producer(await driver.producer()),
  })
}

function isAbout(tps: readonly TopicPartition[], kind: string): boolean {
  return tps.some(({ topic }) => topic.endsWith(`.${kind}`))
}

/** The port, with some of its methods replaced. */
function overriding<Port extends object>(port: Port, methods: Partial<Port>): Port {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(name in methods ? methods : target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
