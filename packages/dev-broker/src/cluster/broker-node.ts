import { createServer, type Server } from 'node:net'
import { listenOnLoopback } from '../loopback-listener.ts'
import { Connection, type ConnectionContext } from '../net/connection.ts'
import type { ClusterNode } from './cluster.ts'

export interface BrokerNodeOptions {
  readonly id: number
  readonly host: string
  /** 0 takes a free one, and keeps it when the node is stopped and started again. */
  readonly port: number
  /** The port clients are told, that of a proxy in front. 0: the one it listens on. */
  readonly advertisedPort: number
}

/** One node: a listener and its connections. */
export class BrokerNode implements ClusterNode {
  readonly id: number
  readonly host: string
  readonly connections: Set<Connection> = new Set()
  readonly #advertisedPort: number
  #port: number
  #server: Server | null = null

  constructor({ id, host, port, advertisedPort }: BrokerNodeOptions) {
    this.id = id
    this.host = host
    this.#port = port
    this.#advertisedPort = advertisedPort
  }

  /** What clients are told. */
  get port(): number {
    return this.#advertisedPort || this.#port
  }

  get isUp(): boolean {
    return this.#server !== null
  }

  get address(): string {
    return this.host.includes(':') ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`
  }

  /** @throws DevBrokerError when the host is not loopback, or the port cannot be had */
  async start(context: Omit<ConnectionContext, 'node'>): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => {
      const connection = new Connection(socket, { ...context, node: this })
      this.connections.add(connection)
      socket.once('close', () => this.connections.delete(connection))
    })
    const { port } = await listenOnLoopback(server, { host: this.host, port: this.#port }, 'the dev broker')
    this.#port = port
    this.#server = server
  }

  /** Frees the port and closes every connection. Safe to repeat. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === null) return
    this.#server = null
    const closed = Promise.withResolvers<void>()
    server.close(() => closed.resolve())
    for (const connection of this.connections) connection.close()
    await closed.promise
  }
}
