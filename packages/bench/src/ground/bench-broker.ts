import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Where the benches run. */
export interface BenchBroker extends AsyncDisposable {
  /** `host:port`, separated by commas. */
  readonly brokers: string
  /** URL of the schema registry. */
  readonly registry: string
  /** For the report. */
  readonly description: string
}

/** What the command line names, else a dev broker with its registry in a process of its own. */
export async function benchBroker(given: {
  readonly broker?: string
  readonly registry?: string
}): Promise<BenchBroker> {
  const { broker, registry } = given
  if (broker === undefined && registry === undefined) return await startDevBroker()
  if (broker === undefined || registry === undefined) throw new Error('give both --broker and --registry, or neither')
  return { brokers: broker, registry, description: `Kafka at ${broker}`, [Symbol.asyncDispose]: async () => {} }
}

async function startDevBroker(): Promise<BenchBroker> {
  const main = fileURLToPath(import.meta.resolve('@towline/dev-broker/main'))
  const ports = ['--port', '0', '--registry-port', '0']
  const child = spawn(process.execPath, ['--conditions=@towline/source', main, ...ports, '--exit-with-parent'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const { brokers, registry } = await readyLine(child)
  return {
    brokers,
    registry,
    description: 'dev broker, a process of its own, in memory',
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function readyLine(child: ChildProcess): Promise<{ readonly brokers: string; readonly registry: string }> {
  if (child.stdout === null) throw new Error('the dev broker has no stdout')
  for await (const line of createInterface(child.stdout)) return JSON.parse(line)
  throw new Error('the dev broker ended before it was ready')
}
