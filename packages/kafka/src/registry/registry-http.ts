import { setTimeout as sleep } from 'node:timers/promises'
import type { RegistryAddress } from './registry-address.ts'

export interface RegistryHttpOptions {
  readonly address: RegistryAddress
  readonly timeoutMs: number
}

/** A registry said no: an HTTP error with the `error_code` that only a registry gives. */
export class RegistryRefusal extends Error {
  override readonly name = 'RegistryRefusal'
  readonly status: number
  readonly errorCode: number
  constructor(status: number, errorCode: number, message: string) {
    super(message)
    this.status = status
    this.errorCode = errorCode
  }
}

/** Something answered, but not as a registry does: a proxy, another server, an answer cut short. */
export class RegistryNonsense extends Error {
  override readonly name = 'RegistryNonsense'
  readonly status: number
  constructor(status: number, text: string) {
    super(`status ${status}: ${text.slice(0, 200)}`)
    this.status = status
  }
}

export type JsonObject = Readonly<Record<string, unknown>>

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly body?: object
}

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'
/** Waits before a GET that met a server error is sent again. */
const RETRY_WAITS_MS = [100, 200, 400]

/** Plain requests to a registry. Only what a registry itself answered counts as an answer. */
export class RegistryHttp {
  readonly #options: RegistryHttpOptions

  constructor(options: RegistryHttpOptions) {
    this.#options = options
  }

  get(...path: readonly string[]): Promise<JsonObject> {
    return this.#bounded({ method: 'GET', path: pathOf(path) }, RETRY_WAITS_MS)
  }

  post(body: object, ...path: readonly string[]): Promise<JsonObject> {
    return this.#bounded({ method: 'POST', path: pathOf(path), body })
  }

  put(body: object, ...path: readonly string[]): Promise<JsonObject> {
    return this.#bounded({ method: 'PUT', path: pathOf(path), body })
  }

  /** @throws RegistryRefusal, RegistryNonsense, or an Error where nobody answered in time */
  async #bounded(call: Call, retryWaitsMs: readonly number[] = []): Promise<JsonObject> {
    const { timeoutMs } = this.#options
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      for (const waitMs of retryWaitsMs) {
        const answer = await this.#send(call, signal)
        if (answer.status < 500) return read(answer)
        await sleep(waitMs, undefined, { signal })
      }
      return read(await this.#send(call, signal))
    } catch (error) {
      throw signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : withCause(error)
    }
  }

  async #send({ method, path, body }: Call, signal: AbortSignal): Promise<{ status: number; text: string }> {
    const { address } = this.#options
    const response = await fetch(`${address.url}${path}`, {
      method,
      headers: { accept: CONTENT_TYPE, 'content-type': CONTENT_TYPE, ...authorization(address) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    })
    return { status: response.status, text: await response.text() }
  }
}

function pathOf(parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('')
}

function read({ status, text }: { readonly status: number; readonly text: string }): JsonObject {
  const json = parseObject(text)
  if (json === null) throw new RegistryNonsense(status, text)
  if (status >= 200 && status < 300) return json
  const { error_code: errorCode, message } = json
  if (typeof errorCode !== 'number') throw new RegistryNonsense(status, text)
  throw new RegistryRefusal(status, errorCode, typeof message === 'string' ? message : `status ${status}`)
}

function parseObject(text: string): JsonObject | null {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? (json as JsonObject) : null
  } catch {
    return null // Not JSON, so not of a registry.
  }
}

/** fetch says "fetch failed" and keeps to itself why. */
function withCause(error: unknown): unknown {
  if (!(error instanceof TypeError) || !(error.cause instanceof Error)) return error
  const { cause } = error
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return new Error(cause.message || code || error.message, { cause })
}

function authorization({ credentials }: RegistryAddress): Record<string, string> {
  if (credentials === undefined) return {}
  const basic = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')
  return { authorization: `Basic ${basic}` }
}
