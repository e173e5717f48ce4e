import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A client's connection and the one behind it. */
interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/**
 * What clients reach a server through, to be cut off from it as by a network that drops every packet: while it is cut
 * nothing is read, written or closed, and new connections are answered by nobody. What was under way arrives afterwards.
 */
export class TcpProxy {
  readonly port: number
  readonly #listener: Server
  readonly #targetPort: number
  readonly #pairs = new Set<Pair>()
  #isCut = false

  private constructor(listener: Server, targetPort: number) {
    this.#listener = listener
    this.#targetPort = targetPort
    this.port = (listener.address() as AddressInfo).port
    listener.on('connection', (client) => this.#accept(client))
  }

  /** Listens on a free loopback port, for a server on another, which need not be there yet. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const listener = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    listener.once('error', reject).listen(0, '127.0.0.1', resolve)
    await promise
    return new TcpProxy(listener, targetPort)
  }

  cut(): void {
    this.#isCut = true
    for (const pair of this.#pairs) separate(pair)
  }

  restore(): void {
    this.#isCut = false
    for (const pair of this.#pairs) join(pair)
  }

  async stop(): Promise<void> {
    const closed = Promise.withResolvers<void>()
    this.#listener.close(() => closed.resolve())
    for (const { client, server } of this.#pairs) {
      client.destroy()
      server.destroy()
    }
    await closed.promise
  }

  #accept(client: Socket): void {
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const pair = { client, server }
    this.#pairs.add(pair)
    for (const socket of [client, server]) {
      socket.on('error', () => undefined)
      socket.once('close', () => this.#closed(pair))
    }
    if (this.#isCut) separate(pair)
    else join(pair)
  }

  /** While it is cut nobody hears of it; {@link join} tells. */
  #closed(pair: Pair): void {
    if (!this.#isCut) join(pair)
    if (pair.client.destroyed && pair.server.destroyed) this.#pairs.delete(pair)
  }
}

function separate({ client, server }: Pair): void {
  client.unpipe(server).pause()
  server.unpipe(client).pause()
}

function join({ client, server }: Pair): void {
  if (client.destroyed || server.destroyed) {
    client.destroy()
    server.destroy()
    return
  }
  client.pipe(server)
  server.pipe(client)
}
