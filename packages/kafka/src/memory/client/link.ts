import type { Clock } from '@towline/contracts'
import { BrokerError, brokerErrorOfCode, isPassing, portErrorOf } from '../broker/broker-error.ts'
import type { Coordinator } from '../broker/coordinator.ts'
import type { ApiName, MemoryFault, MemoryFaults } from '../broker/faults.ts'
import type { Topics } from '../broker/topics.ts'

/** What the ports of a client find behind its link. */
export interface ClusterState {
  readonly topics: Topics
  readonly coordinator: Coordinator
  readonly brokers: number
}

export interface LinkContext {
  readonly clientId: string
  readonly clock: Clock
  readonly clusterClock: Clock
  readonly latencyMs: () => number
  readonly faults: MemoryFaults
  outage(): 'refuse' | 'hang' | null
  /** How many outages began so far. */
  outages(): number
  /** Returns what stops it. */
  onOutage(listener: () => void): () => void
}

export interface RetryOptions {
  /** How long failures may go on before the last of them is thrown. */
  readonly budgetMs: number
}

/** How long a client waits for an answer that does not come. */
const REQUEST_TIMEOUT_MS = 3_000
const IN_TURN: ReadonlySet<ApiName> = new Set(['OffsetCommit', 'Produce'])
const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 1_000
/** How long a port that is asked for may take to reach the cluster. */
const REACH_BUDGET_MS = 10_000

/**
 * One client's way to the cluster: every request and every answer passes here, and is delayed, lost or refused here.
 *
 *   L1. A request is handled at one moment, between two of the clock; nothing is half done.
 *   L2. When an outage begins, requests that wait to be handled are lost, and so are answers under way.
 *   L3. What must not overtake goes in turn, as on one connection: commits and writes of one client.
 */
export class Link {
  readonly #context: LinkContext
  #silence: PromiseWithResolvers<void> | null = null
  #silentSinceMs = Number.POSITIVE_INFINITY
  readonly #turns = new Map<ApiName, Promise<unknown>>()

  constructor(context: LinkContext) {
    this.#context = context
  }

  get clientId(): string {
    return this.#context.clientId
  }

  get clock(): Clock {
    return this.#context.clock
  }

  silence(): void {
    if (this.#silence !== null) return
    this.#silence = Promise.withResolvers()
    this.#silentSinceMs = this.clock.monotonicMs()
  }

  speak(): void {
    this.#silence?.resolve()
    this.#silence = null
    this.#silentSinceMs = Number.POSITIVE_INFINITY
  }

  /** The last moment, monotonic, at which a request that waits at a broker was held by a connection that works. */
  connectedAtMs(): number {
    return Math.min(this.clock.monotonicMs(), this.#silentSinceMs)
  }

  /**
   * Makes one request. `serve` runs at the cluster, and may take its time.
   *
   * @throws BrokerError NO_ANSWER, what `serve` throws, and what a fault says
   */
  async call<T>(api: ApiName, serve: () => T | Promise<T>): Promise<T> {
    const { answer, outages } = await this.#inTurn(api, () => this.#arrive(api, serve))
    await this.#travel()
    if (outages !== this.#context.outages()) throw noAnswer() // L2
    return answer
  }

  /** Repeats what may pass. @throws BrokerError the last failure */
  async retrying<T>(call: () => Promise<T>, { budgetMs }: RetryOptions): Promise<T> {
    const deadlineMs = this.clock.monotonicMs() + budgetMs
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
      try {
        return await call()
      } catch (error) {
        if (!isPassing(error) || this.clock.monotonicMs() + waitMs > deadlineMs) throw error
        await this.wait(waitMs)
      }
    }
  }

  /** A port that is handed out has reached the cluster once. @throws TowlineError TOWLINE_BROKER_UNAVAILABLE */
  async reach<Port>(port: () => Port): Promise<Port> {
    try {
      await this.retrying(() => this.call('Metadata', () => undefined), { budgetMs: REACH_BUDGET_MS })
      return port()
    } catch (error) {
      throw portErrorOf(error, 'connect to', 'memory')
    }
  }

  async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => this.clock.after(ms, resolve))
  }

  /** L3 */
  async #inTurn<T>(api: ApiName, work: () => Promise<T>): Promise<T> {
    if (!IN_TURN.has(api)) return await work()
    const turn = (this.#turns.get(api) ?? Promise.resolve()).then(work)
    this.#turns.set(
      api,
      turn.catch(() => undefined),
    )
    return await turn
  }

  async #arrive<T>(
    api: ApiName,
    serve: () => T | Promise<T>,
  ): Promise<{ readonly answer: T; readonly outages: number }> {
    await this.#travel()
    const outages = this.#context.outages()
    const fault = this.#context.faults.strike(api, this.clientId)
    const served = fault === undefined ? serve() : this.#handle(fault, serve)
    return { answer: served instanceof Promise ? await this.#unlessLost(served) : served, outages }
  }

  async #travel(): Promise<void> {
    const latencyMs = this.#context.latencyMs()
    if (latencyMs > 0) await passing(this.#context.clusterClock, latencyMs)
    while (this.#silence !== null) await this.#silence.promise
    const outage = this.#context.outage()
    if (outage === null) return
    if (outage === 'hang') await this.wait(REQUEST_TIMEOUT_MS)
    throw noAnswer()
  }

  async #handle<T>(fault: MemoryFault, serve: () => T | Promise<T>): Promise<T> {
    const outages = this.#context.outages()
    const handled = fault.when === 'after' ? await serve() : undefined
    if (fault.delayMs !== undefined) await passing(this.#context.clusterClock, fault.delayMs)
    await fault.hold
    if (fault.drop === true || outages !== this.#context.outages()) throw noAnswer() // L2
    if (fault.errorCode !== undefined) throw brokerErrorOfCode(fault.errorCode)
    return fault.when === 'after' ? (handled as T) : await serve()
  }

  /** What takes its time at the cluster is lost when an outage begins. */
  async #unlessLost<T>(answer: Promise<T>): Promise<T> {
    const lost = Promise.withResolvers<never>()
    const stop = this.#context.onOutage(() => lost.reject(noAnswer()))
    try {
      return await Promise.race([answer, lost.promise])
    } finally {
      stop()
    }
  }
}

function noAnswer(): BrokerError {
  return new BrokerError('NO_ANSWER', 'the connection was lost')
}

async function passing(clock: Clock, ms: number): Promise<void> {
  await new Promise<void>((resolve) => clock.after(ms, resolve))
}
