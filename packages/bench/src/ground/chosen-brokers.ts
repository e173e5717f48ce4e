import { type BenchBroker, givenKafka, startDevBroker, startFoundKafka } from './bench-broker.ts'

export interface BrokerFlags {
  readonly devBroker?: boolean
  readonly kafka?: boolean
  readonly broker?: string
  readonly registry?: string
}

/**
 * The brokers the command line chooses, started one after the other; each is for the caller to dispose before it asks
 * for the next. Default: the dev broker, then Apache Kafka where one is found.
 *
 * @param tell Told what is tried, and why a broker is left out, a line at a time.
 */
export async function* chosenBrokers(flags: BrokerFlags, tell: (line: string) => void): AsyncGenerator<BenchBroker> {
  const { broker, registry, devBroker = false, kafka = false } = flags
  if (broker !== undefined) {
    yield await givenKafka(broker, registry)
    return
  }
  if (registry !== undefined) throw new Error('--registry stands beside a broker of yours: give --broker too')
  if (devBroker || !kafka) yield await startDevBroker()
  if (devBroker && !kafka) return
  const found = await startFoundKafka(tell)
  if (found !== null) yield found
  else if (kafka) throw new Error('no Apache Kafka was found: name one with --broker host:port or TOWLINE_BROKERS')
  else tell('no Apache Kafka was found: the dev broker alone is measured')
}
