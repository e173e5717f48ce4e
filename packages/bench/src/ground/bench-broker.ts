import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startRegistry } from '@towline/dev-broker'
import { type FindKafkaOptions, findKafka } from '@towline/test-brokers'

/** Where a bench runs. */
export interface BenchBroker extends AsyncDisposable {
  readonly kind: 'dev-broker' | 'kafka'
  /** `host:port`, separated by commas. */
  readonly brokers: string
  /** URL of the schema registry. */
  readonly registry: string
  /** Which one it is, and which version, for the report. */
  readonly description: string
}

/** A dev broker with its registry in a process of its own. */
export async function startDevBroker(): Promise<BenchBroker> {
  const main = fileURLToPath(import.meta.resolve('@towline/dev-broker/main'))
  const ports = ['--port', '0', '--registry-port', '0']
  const child = spawn(process.execPath, ['--conditions=@towline/source', main, ...ports, '--exit-with-parent'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const { brokers, registry } = await readyLine(child)
  return {
    kind: 'dev-broker',
    brokers,
    registry,
    description: 'dev broker, a process of its own, in memory',
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/**
 * The Kafka that tests would run on too: TOWLINE_BROKERS, Docker or the JVM. Null where there is none; `tell` has been
 * told why.
 */
export async function startFoundKafka(options: FindKafkaOptions): Promise<BenchBroker | null> {
  const kafka = await findKafka(process.env, options)
  if (kafka === null) return null
  const given = await givenKafka(kafka.brokers, undefined)
  return {
    ...given,
    description: kafka.description,
    [Symbol.asyncDispose]: async () => {
      await given[Symbol.asyncDispose]()
      await kafka.stop()
    },
  }
}

/** @param registry URL; default: a registry of the dev broker in this process, which no round waits for. */
export async function givenKafka(brokers: string, registry: string | undefined): Promise<BenchBroker> {
  const own = registry === undefined ? await startRegistry({ port: 0 }) : undefined
  return {
    kind: 'kafka',
    brokers,
    registry: registry ?? own?.url ?? '',
    description: `Kafka at ${brokers}`,
    [Symbol.asyncDispose]: async () => {
      await own?.stop()
    },
  }
}

async function readyLine(child: ChildProcess): Promise<{ readonly brokers: string; readonly registry: string }> {
  if (child.stdout === null) throw new Error('the dev broker has no stdout')
  for await (const line of createInterface(child.stdout)) return JSON.parse(line)
  throw new Error('the dev broker ended before it was ready')
}
