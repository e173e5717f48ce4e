import type { TowlineError } from '@towline/contracts'
import { ClusterClient } from '../cluster/cluster-client.ts'
import type { ClusterMetadata } from '../cluster/metadata.ts'
import type { DriverContext } from '../connection-settings.ts'
import { towlineErrorOf } from '../kafka-error.ts'
import { type UnsupportedApi, unsupportedApis } from './required-apis.ts'

/** A cluster as one client sees it, for diagnosis. */
export interface ClusterInspection {
  /** Each bootstrap address by itself: a list works while one of them answers, and hides the others. */
  readonly bootstrap: readonly { readonly address: string; readonly failure: TowlineError | null }[]
  /** Every broker the cluster names, at the address it advertises. Empty when no bootstrap address answered. */
  readonly nodes: readonly NodeInspection[]
}

export interface NodeInspection {
  readonly nodeId: number
  /** The advertised `host:port`. */
  readonly address: string
  readonly answer:
    | { readonly kind: 'unreachable'; readonly failure: TowlineError }
    | {
        readonly kind: 'reached'
        readonly unsupported: readonly UnsupportedApi[]
        /** Its settings, as Kafka names them; null when it did not tell them. */
        readonly configs: Readonly<Record<string, string>> | null
      }
}

const BROKER_RESOURCE = 4
/** A person waits for the answer. */
const REQUEST_TIMEOUT_MS = 5_000

/** Asks every broker what it is and serves. Changes nothing and never rejects: what fails is part of the answer. */
export async function inspectCluster(context: DriverContext): Promise<ClusterInspection> {
  const asked = await Promise.all(context.connection.brokers.map((address) => askBootstrap(context, address)))
  const bootstrap = asked.map(({ address, answer }) => ({ address, failure: answer.failure }))
  const found = asked.find(({ answer }) => answer.failure === null)
  if (found === undefined) return { bootstrap, nodes: [] }
  return { bootstrap, nodes: await inspectNodes(context, found.address, found.answer.brokers) }
}

interface BootstrapAnswer {
  readonly failure: TowlineError | null
  readonly brokers: ClusterMetadata['brokers']
}

async function askBootstrap(
  context: DriverContext,
  address: string,
): Promise<{ readonly address: string; readonly answer: BootstrapAnswer }> {
  return await withClient(context, address, async (client) => {
    try {
      const { brokers } = await client.metadata([])
      return { address, answer: { failure: null, brokers } }
    } catch (error) {
      const failure = towlineErrorOf(error, { doing: 'connect to', subject: address, brokers: [address] })
      return { address, answer: { failure, brokers: [] } }
    }
  })
}

async function inspectNodes(
  context: DriverContext,
  bootstrap: string,
  brokers: ClusterMetadata['brokers'],
): Promise<readonly NodeInspection[]> {
  return await withClient(context, bootstrap, async (client) => {
    await client.metadata([]).catch(() => undefined)
    const nodes = brokers.toSorted((a, b) => a.nodeId - b.nodeId)
    return await Promise.all(
      nodes.map(async ({ nodeId, host, port }) => {
        const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
        return { nodeId, address, answer: await inspectNode(client, nodeId, address) }
      }),
    )
  })
}

async function inspectNode(client: ClusterClient, nodeId: number, address: string): Promise<NodeInspection['answer']> {
  try {
    const broker = await client.node(nodeId)
    const unsupported = unsupportedApis(client.context.kafkajs, broker.versions ?? {})
    return { kind: 'reached', unsupported, configs: await brokerConfigs(client, nodeId).catch(() => null) }
  } catch (error) {
    const failure = towlineErrorOf(error, { doing: 'connect to', subject: address, brokers: [address] })
    return { kind: 'unreachable', failure }
  }
}

async function brokerConfigs(client: ClusterClient, nodeId: number): Promise<Readonly<Record<string, string>> | null> {
  const { resources } = await client.call<{
    resources: readonly {
      errorCode: number
      configEntries: readonly { configName: string; configValue: string | null }[]
    }[]
  }>(await client.node(nodeId), 'DescribeConfigs', {
    resources: [{ type: BROKER_RESOURCE, name: String(nodeId) }],
  })
  const [answer] = resources
  if (answer === undefined || answer.errorCode !== 0) return null
  const told = answer.configEntries.filter(({ configValue }) => configValue !== null)
  return Object.fromEntries(told.map(({ configName, configValue }) => [configName, configValue ?? '']))
}

async function withClient<T>(
  context: DriverContext,
  address: string,
  use: (client: ClusterClient) => Promise<T>,
): Promise<T> {
  const connection = { ...context.connection, brokers: [address] }
  const client = new ClusterClient({ ...context, connection }, { requestTimeoutMs: REQUEST_TIMEOUT_MS })
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}
