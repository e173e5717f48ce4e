import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { type BrokerOptions, resolveBrokerOptions } from './broker-options.ts'
import type { BrokerState } from './broker-state.ts'
import { Faults } from './faults/faults.ts'
import { GroupCoordinator } from './groups/group-coordinator.ts'
import { listenOnLoopback } from './loopback-listener.ts'
import { Connection } from './net/connection.ts'
import { TopicCatalog } from './topics/topic-catalog.ts'

const GROUP_TICK_MS = 100

/** A running broker. It keeps everything in memory: what it held is gone when it stops. */
export interface DevBroker extends AsyncDisposable {
  /** `127.0.0.1:9092`, for a client's list of brokers. */
  readonly address: string
  readonly host: string
  readonly port: number
  readonly faults: Faults
  /** Closes every connection and frees the port. Safe to repeat; resolves when all is closed. */
  stop(): Promise<void>
}

/** @throws DevBrokerError when an option is out of bounds, the host is not loopback, or the port cannot be had */
export async function startBroker(options: BrokerOptions = {}): Promise<DevBroker> {
  const { log, groupLimits, retentionCheckIntervalMs, ...resolved } = resolveBrokerOptions(options)
  const { host, now } = resolved
  const topics = new TopicCatalog()
  const groups = new GroupCoordinator(groupLimits, now)
  const faults = new Faults()
  const connections = new Set<Connection>()
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = new Connection(socket, { broker, faults, log })
    connections.add(connection)
    socket.once('close', () => connections.delete(connection))
  })
  const { port } = await listenOnLoopback(server, { host, port: resolved.port }, 'the dev broker')
  const clusterId = randomBytes(16).toString('base64url')
  const broker: BrokerState = { ...resolved, port, clusterId, topics, groups }
  const timers = [
    setInterval(() => groups.tick(), GROUP_TICK_MS),
    setInterval(() => topics.retain(now()), retentionCheckIntervalMs),
  ]
  log('info', 'dev broker listening: for development only, everything is kept in memory', { host, port })

  const shutDown = async (): Promise<void> => {
    for (const timer of timers) clearInterval(timer)
    const closed = Promise.withResolvers<void>()
    server.close(() => closed.resolve())
    for (const connection of connections) connection.close()
    await closed.promise
    groups.close()
  }
  let stopped: Promise<void> | null = null
  const stop = (): Promise<void> => {
    stopped ??= shutDown()
    return stopped
  }
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return { address, host, port, faults, stop, [Symbol.asyncDispose]: stop }
}
