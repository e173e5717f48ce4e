import type { Clock } from '@towline/contracts'
import type { Env } from '@towline/fleet'
import type { DemoProcesses } from './demo-processes.ts'
import type { DemoView } from './demo-view.ts'
import type { Resources } from './resources.ts'
import { waitUntil } from './wait-until.ts'

const START_TIMEOUT_MS = 30_000

/** Where a demo runs. */
export interface DemoCluster {
  readonly brokers: string
  readonly registry: string
  /** What connects to it reads this environment: TLS and credentials of a user's own Kafka, nothing for a dev broker. */
  readonly env: Env
  /** Not the demo's own: nothing may be left behind. */
  readonly isForeign: boolean
}

export interface ClusterContext {
  readonly env: Env
  readonly view: DemoView
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly resources: Resources
  readonly processes: DemoProcesses
}

/** Starts the dev broker and its registry as one process, on free ports. */
export async function startDevCluster(context: ClusterContext): Promise<DemoCluster> {
  const { view, resources, clock, signal, processes } = context
  view.act('A Kafka broker and a schema registry for development, as one process')
  const env = withoutTowline(context.env)
  const args = ['dev-broker', '--port', '0', '--registry-port', '0', '-o', 'jsonl']
  const broker = processes.start({ name: 'the dev broker', args, env })
  resources.add('stop the dev broker', () => broker.stop())
  const ask = () => broker.readyDocument
  const ready = await waitUntil('the dev broker to be ready', ask, { clock, signal, timeoutMs: START_TIMEOUT_MS })
  const [brokers, registry] = [String(ready['brokers']), String(ready['registry'])]
  view.say(`Kafka at ${brokers}, registry at ${registry} (process ${broker.pid})`)
  return { brokers, registry, env, isForeign: false }
}

/** The user's settings are for the user's cluster, and a dev broker has no use for its TLS and passwords. */
function withoutTowline(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TOWLINE_')))
}
