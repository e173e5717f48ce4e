import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LogSink } from '../log-sink.ts'
import { listenOnLoopback } from '../loopback-listener.ts'
import { type OpenSchemas, openSchemas } from './open-schemas.ts'
import { RegistryError } from './registry-error.ts'
import { replyError, serveRequest } from './registry-http.ts'

export interface RegistryOptions {
  /** A loopback address. Default 127.0.0.1. */
  readonly host?: string
  /** 0 = any free port. Default 8081, as Confluent's. */
  readonly port?: number
  /** A directory to keep schemas in, made where it is missing; may be a broker's. Default: null, they are in memory. */
  readonly dataDir?: string | null
  /** Default: silent. */
  readonly log?: LogSink
}

/**
 * How a registry can be out. What it stored survives.
 * - `hang`: takes requests and never answers them.
 * - `500`: answers every request with status 500 and error code 50001.
 * - `refuse`: nobody listens on its port, and its connections are cut.
 */
export type RegistryOutage = 'hang' | '500' | 'refuse'

/** A running registry. Disposing it stops it. */
export interface DevRegistry extends AsyncDisposable {
  /** For example `http://127.0.0.1:8081`. */
  readonly url: string
  readonly faults: {
    /** Begins an outage, or ends it with null. Resolves once clients see the change. Requests that hung stay unanswered. */
    setOutage(outage: RegistryOutage | null): Promise<void>
  }
  /** Cuts every connection, and forgets every schema that is in memory only. May be called twice. */
  stop(): Promise<void>
}

/**
 * Starts an Avro schema registry that speaks Confluent's HTTP, for development and tests. Levels other than
 * NONE, BACKWARD and FULL_TRANSITIVE are refused.
 *
 *     await using registry = await startRegistry({ port: 0 })
 *     const client = new SchemaRegistry({ host: registry.url })
 *
 * @throws DevBrokerError when the port is taken, the host is no loopback address, or the directory cannot be used
 */
export async function startRegistry(options: RegistryOptions = {}): Promise<DevRegistry> {
  const { host = '127.0.0.1', port = 8081, dataDir = null, log = () => undefined } = options
  const server = new RegistryServer(host, openSchemas(dataDir, log))
  try {
    await server.listen(port)
  } catch (error) {
    await server.stop()
    throw error
  }
  return server
}

type RegistryState = 'serving' | RegistryOutage | 'stopped'

class RegistryServer implements DevRegistry {
  readonly faults: DevRegistry['faults'] = { setOutage: (outage) => this.#setOutage(outage) }
  readonly #schemas: OpenSchemas
  readonly #server: Server = createServer((request, response) => this.#serve(request, response))
  readonly #host: string
  #address: AddressInfo | undefined
  #state: RegistryState = 'serving'

  constructor(host: string, schemas: OpenSchemas) {
    this.#host = host
    this.#schemas = schemas
  }

  get url(): string {
    const host = this.#host.includes(':') ? `[${this.#host}]` : this.#host
    return `http://${host}:${this.#address?.port ?? 0}`
  }

  async listen(port: number): Promise<void> {
    this.#address = await listenOnLoopback(this.#server, { host: this.#host, port }, 'the dev registry')
  }

  async stop(): Promise<void> {
    this.#state = 'stopped'
    await this.#close()
    this.#schemas.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #setOutage(outage: RegistryOutage | null): Promise<void> {
    if (this.#state === 'stopped') return
    this.#state = outage ?? 'serving'
    if (outage === 'refuse') await this.#close()
    else if (!this.#server.listening) await this.listen(this.#address?.port ?? 0)
  }

  async #close(): Promise<void> {
    if (!this.#server.listening) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    switch (this.#state) {
      case 'serving':
        void serveRequest(this.#schemas.store, request, response)
        break
      case '500':
        replyError(response, new RegistryError(500, 50001, 'Error in the backend data store'))
        break
      case 'hang':
      case 'refuse':
      case 'stopped':
        break
    }
  }
}
