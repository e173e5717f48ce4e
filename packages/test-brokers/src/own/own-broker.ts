import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRegistry } from '@towline/dev-broker'
import { formatKafka } from '../kafka/format-kafka.ts'
import { freePorts } from '../kafka/free-port.ts'
import { givenKafka } from '../kafka/given-kafka.ts'
import { jarCache, kafkaJars } from '../kafka/kafka-jars.ts'
import { whatIsLacking } from '../kafka/kafka-on-jvm.ts'
import { KafkaProcess } from '../kafka/kafka-process.ts'
import type { RunningBroker } from '../test-broker.ts'
import type { BrokerProcess } from './broker-process.ts'
import { startDevBrokerProcess } from './dev-broker-process.ts'
import { TcpProxy } from './tcp-proxy.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A broker that is this suite's alone, to be killed and cut off. Its registry outlives it. */
export interface OwnBroker extends Omit<RunningBroker, 'faults'> {
  /** What every client reaches it through. */
  readonly network: Pick<TcpProxy, 'cut' | 'restore'>
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>
  /** Starts it again, on the data it left and at its address; resolves when it serves. */
  restart(): Promise<void>
}

export interface OwnBrokerKind {
  /** For the names of suites. */
  readonly name: string
  start(): Promise<OwnBroker>
}

interface Place {
  readonly port: number
  readonly advertisedPort: number
  readonly folder: string
}

/** Starts a broker in its place, where it may have been before. */
type Launch = (place: Place) => Promise<BrokerProcess>

/**
 * The brokers a suite may have for itself: the dev broker and, where suites run on a Kafka and this machine has java and
 * mvn, a Kafka on the JVM.
 */
export async function ownBrokers(env: Environment = process.env): Promise<readonly OwnBrokerKind[]> {
  const devBroker: OwnBrokerKind = { name: 'dev broker', start: () => startOwn('dev-broker', launchDevBroker) }
  if (givenKafka(env).kind === 'none') return [devBroker]
  const lacking = await whatIsLacking()
  if (lacking !== null) {
    process.stderr.write(`no Kafka to kill and cut off, on the dev broker only: ${lacking}\n`)
    return [devBroker]
  }
  return [devBroker, { name: 'Apache Kafka', start: () => startOwn('kafka', kafkaLauncher(env)) }]
}

async function startOwn(kind: RunningBroker['kind'], launch: Launch): Promise<OwnBroker> {
  const [port = 0] = await freePorts(1)
  const network = await TcpProxy.start(port)
  const registry = await startRegistry({ port: 0 })
  const folder = await mkdtemp(join(tmpdir(), 'towline-broker-'))
  const place = { port, advertisedPort: network.port, folder }
  let running: BrokerProcess | undefined
  const stop = async (): Promise<void> => {
    await running?.stop()
    running = undefined
    await Promise.all([network.stop(), registry.stop()])
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    running = await launch(place)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    kind,
    brokers: [`127.0.0.1:${network.port}`],
    registry: registry.url,
    registryFaults: registry.faults,
    network,
    kill: async () => {
      await running?.kill()
      running = undefined
    },
    restart: async () => {
      running ??= await launch(place)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function launchDevBroker({ folder, ...ports }: Place): Promise<BrokerProcess> {
  return await startDevBrokerProcess({ ...ports, dataFolder: folder })
}

function kafkaLauncher(env: Environment): Launch {
  let formatted: Promise<{ readonly jars: string; readonly properties: string }> | undefined
  return async ({ port, advertisedPort, folder }) => {
    formatted ??= kafkaJars(jarCache(env)).then(async (jars) => {
      const properties = await formatKafka({ jars, folder, clientPort: port, advertisedPort })
      return { jars, properties }
    })
    const kafka = new KafkaProcess(await formatted)
    await kafka.started().catch(async (error: unknown) => {
      await kafka.kill()
      throw error
    })
    return kafka
  }
}
