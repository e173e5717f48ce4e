import { type BrokerOptions, type ResolvedBrokerOptions, resolveBrokerOptions } from './broker-options.ts'
import type { BrokerState } from './broker-state.ts'
import { BrokerNode } from './cluster/broker-node.ts'
import { Cluster } from './cluster/cluster.ts'
import { unlessStorageFails } from './disk/storage-error.ts'
import { brokerFaults, type Faults } from './faults/broker-faults.ts'
import { FaultScript } from './faults/faults.ts'
import { openBrokerData } from './open-broker-data.ts'

const GROUP_TICK_MS = 100

/** A running broker. Without a data directory, what it held is gone when it stops. */
export interface DevBroker extends AsyncDisposable {
  /** `127.0.0.1:9092`, for a client's list of brokers: the first node's. */
  readonly address: string
  /** Every node's. */
  readonly addresses: readonly string[]
  readonly host: string
  /** The first node's. */
  readonly port: number
  readonly faults: Faults
  /** Closes every connection and frees the ports. Safe to repeat; resolves when all is closed. */
  stop(): Promise<void>
}

/** @throws DevBrokerError when an option is out of bounds, the host is not loopback, a port cannot be had, or the data directory cannot be used */
export async function startBroker(options: BrokerOptions = {}): Promise<DevBroker> {
  const resolved = resolveBrokerOptions(options)
  const { log, retentionCheckIntervalMs, now, defaultPartitions, maxLogBytes, dataDir } = resolved
  const nodes = nodesOf(resolved)
  const { clusterId, topics, groups, close } = openBrokerData(resolved)
  const cluster = new Cluster(clusterId, nodes)
  const script = new FaultScript()
  const broker: BrokerState = { cluster, topics, groups, defaultPartitions, maxLogBytes, now }
  const context = { broker, faults: script, log }
  const stopNodes = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  try {
    for (const node of nodes) await node.start(context)
  } catch (error) {
    await stopNodes()
    close()
    throw error
  }
  const timers = [
    setInterval(() => groups.tick(), GROUP_TICK_MS),
    setInterval(() => unlessStorageFails(() => topics.retain(now())), retentionCheckIntervalMs),
  ]
  const [{ host, port, address }] = nodes
  const addresses = nodes.map((node) => node.address)
  const where = dataDir === null ? 'in memory' : `in ${dataDir}`
  log('info', `dev broker listening: for development only, everything is kept ${where}`, { addresses })

  const shutDown = async (): Promise<void> => {
    for (const timer of timers) clearInterval(timer)
    await stopNodes()
    groups.close()
    close()
  }
  let stopped: Promise<void> | null = null
  const stop = (): Promise<void> => {
    stopped ??= shutDown()
    return stopped
  }
  const faults = brokerFaults({ script, broker, nodes, startNode: (node) => node.start(context) })
  return { address, addresses, host, port, faults, stop, [Symbol.asyncDispose]: stop }
}

function nodesOf({ host, port, advertisedPort, nodeId, nodes }: ResolvedBrokerOptions): [BrokerNode, ...BrokerNode[]] {
  const node = (i: number): BrokerNode => {
    const after = (first: number): number => (first === 0 ? 0 : first + i)
    return new BrokerNode({ id: nodeId + i, host, port: after(port), advertisedPort: after(advertisedPort) })
  }
  return [node(0), ...Array.from({ length: nodes - 1 }, (_, i) => node(i + 1))]
}
