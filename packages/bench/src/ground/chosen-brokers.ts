import type { FindKafkaOptions } from '@towline/test-brokers'
import { type BenchBroker, givenKafka, startDevBroker, startFoundKafka } from './bench-broker.ts'
import { kafkaDataFolder } from './kafka-data.ts'

export interface BrokerFlags {
  readonly devBroker?: boolean
  readonly kafka?: boolean
  readonly broker?: string
  readonly registry?: string
  /** Default: {@link kafkaDataFolder}. */
  readonly kafkaData?: string
}

/**
 * The brokers the command line chooses, started one after the other; each is for the caller to dispose before it asks
 * for the next. Default: the dev broker, then Apache Kafka where one is found.
 *
 * @param options `tell` is told what is tried, and why a broker is left out, a line at a time.
 */
export async function* chosenBrokers(
  flags: BrokerFlags,
  options: { readonly tell: (line: string) => void } & FindKafkaOptions,
): AsyncGenerator<BenchBroker> {
  const { broker, registry, devBroker = false, kafka = false, kafkaData } = flags
  if (broker !== undefined) {
    yield await givenKafka(broker, registry)
    return
  }
  if (registry !== undefined) throw new Error('--registry stands beside a broker of yours: give --broker too')
  if (devBroker || !kafka) yield await startDevBroker()
  if (devBroker && !kafka) return
  const found = await startFoundKafka({ dataParent: kafkaData ?? (await kafkaDataFolder()), ...options })
  if (found !== null) yield found
  else if (kafka) throw new Error('no Apache Kafka was found: name one with --broker host:port or TOWLINE_BROKERS')
  else options.tell('no Apache Kafka was found: the dev broker alone is measured')
}
