import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { formatKafka } from './format-kafka.ts'
import type { FindKafkaOptions, KafkaAttempt } from './found-kafka.ts'
import { freePorts } from './free-port.ts'
import { jarCache, KAFKA_VERSION, kafkaJars } from './kafka-jars.ts'
import { KafkaProcess } from './kafka-process.ts'

const OLDEST_JAVA = 17

const run = promisify(execFile)

/** A Kafka of one JVM process with data of its own, if java and mvn are here. Ready in about 6 s, 450 MB. */
export async function kafkaOnJvm(
  env: Readonly<Record<string, string | undefined>>,
  { tell, signal, dataParent = tmpdir() }: FindKafkaOptions,
): Promise<KafkaAttempt> {
  const lacking = await whatIsLacking()
  if (lacking !== null) return { kind: 'none', because: lacking }
  try {
    const cache = jarCache(env)
    tell?.(`starting Apache Kafka ${KAFKA_VERSION} on the JVM, jars in ${cache}`)
    return await start(await kafkaJars(cache, { signal }), dataParent, signal)
  } catch (error) {
    signal?.throwIfAborted()
    const reason = error instanceof Error ? error.message : String(error)
    return { kind: 'none', because: `Apache Kafka ${KAFKA_VERSION} did not start on the JVM: ${reason}` }
  }
}

/** What this machine lacks to run a Kafka on the JVM, in one sentence; null when it lacks nothing. */
export async function whatIsLacking(): Promise<string | null> {
  const version = await run('java', ['-version']).then(
    ({ stderr }) => javaMajor(stderr),
    () => null,
  )
  if (version === null) return 'java is not installed'
  if (version < OLDEST_JAVA) return `java ${version} is too old for Kafka ${KAFKA_VERSION}: it needs ${OLDEST_JAVA}`
  const hasMaven = await run('mvn', ['-v']).then(
    () => true,
    () => false,
  )
  return hasMaven ? null : 'mvn, which brings the jars of Kafka, is not installed'
}

/** The major version in what `java -version` says: 17 of `openjdk version "17.0.15" …`, 8 of `java version "1.8.0_402"`. */
export function javaMajor(text: string): number | null {
  const match = /version "(?:1\.)?(\d+)/.exec(text)
  return match === null ? null : Number(match[1])
}

async function start(jars: string, dataParent: string, signal: AbortSignal | undefined): Promise<KafkaAttempt> {
  const home = await mkdtemp(join(dataParent, 'towline-kafka-'))
  let broker: KafkaProcess | undefined
  const stop = async (): Promise<void> => {
    await broker?.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const [clientPort = 0] = await freePorts(1)
    const properties = await formatKafka({ jars, folder: home, clientPort, signal })
    broker = new KafkaProcess({ jars, properties })
    await broker.started(signal)
    const brokers = `127.0.0.1:${clientPort}`
    const description = `Apache Kafka ${KAFKA_VERSION} on the JVM at ${brokers}, its log in ${dataParent}`
    return { kind: 'found', kafka: { brokers, description, stop } }
  } catch (error) {
    await stop()
    throw error
  }
}
