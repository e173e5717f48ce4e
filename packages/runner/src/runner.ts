import { type Clock, type Logger, type SchemaSource, TowlineError, within } from '@towline/contracts'
import {
  type AdminPort,
  GroupMarkers,
  type KafkaDriver,
  type ReaderPort,
  type RecordSender,
  type TopicPartition,
} from '@towline/kafka'
import { type AgentGround, preflight } from './agent-preflight.ts'
import { AgentRuntime, type SharedRuntime } from './agent-runtime.ts'
import { GuardedEvents } from './guarded-events.ts'
import { PartitionHistory } from './partition-history.ts'
import { refuseExpired } from './refuse-expired.ts'
import type { RunnerEvents } from './runner-events.ts'
import { type ResolvedRunnerOptions, type RunnerOptions, resolveRunnerOptions } from './runner-options.ts'
import type { ChildPublisher, RunnerAgent } from './runner-ports.ts'
import { isLegalTransition, type RunnerState } from './runner-state.ts'

/** What a runner is made of; the ports stay their owner's to close. */
export interface RunnerParts {
  readonly driver: KafkaDriver
  readonly admin: AdminPort
  readonly reader: ReaderPort
  readonly sender: RecordSender
  readonly schemas: SchemaSource
  /** At least one. */
  readonly agents: readonly RunnerAgent[]
  readonly namespace?: string
  /** Publishes children of running tasks; without it `ctx.publish` throws. */
  readonly children?: ChildPublisher
  readonly clock: Clock
  readonly log: Logger
  /** Used where {@link RunnerOptions.runnerId} is not given. */
  readonly defaultRunnerId: string
  readonly options?: RunnerOptions
}

/** How much a runner holds now. */
export interface RunnerStats {
  readonly partitions: readonly TopicPartition[]
  /** Attempts running. */
  readonly running: number
  /** Tasks admitted and not finished. */
  readonly inFlight: number
}

/**
 * Runs the tasks of some agents in this process. See {@link RunnerState} for its life and {@link RunnerEventMap} for
 * what it tells. `start`, `drain` and `stop` may be called in any order and more than once.
 */
export class Runner {
  readonly runnerId: string
  readonly events: RunnerEvents
  readonly #parts: RunnerParts
  readonly #options: ResolvedRunnerOptions
  #state: RunnerState = 'created'
  #runtimes: readonly AgentRuntime[] = []
  #starting: Promise<void> | undefined
  #draining: Promise<void> | undefined
  #failure: TowlineError | undefined

  /** @throws TowlineError TOWLINE_OPTION_INVALID, TOWLINE_AGENT_UNKNOWN when no agent is given */
  constructor(parts: RunnerParts) {
    if (parts.agents.length === 0) throw new TowlineError('TOWLINE_AGENT_UNKNOWN', 'a runner needs at least one agent')
    this.#parts = parts
    this.events = new GuardedEvents(parts.log)
    this.#options = resolveRunnerOptions(parts.options ?? {}, parts.defaultRunnerId)
    this.runnerId = this.#options.runnerId
  }

  get state(): RunnerState {
    return this.#state
  }

  /** Why it is `failed`, or undefined. */
  get failure(): TowlineError | undefined {
    return this.#failure
  }

  stats(): RunnerStats {
    return {
      partitions: this.#runtimes.flatMap(({ partitions }) => partitions.map(({ tp }) => tp)),
      running: this.#runtimes.reduce((sum, { running }) => sum + running, 0),
      inFlight: this.#runtimes.reduce((sum, { inFlight }) => sum + inFlight, 0),
    }
  }

  /**
   * Checks topics and schemas, then joins every group. Resolves when joined; partitions follow.
   *
   * @throws TowlineError as `preflight`, and TOWLINE_OFFSETS_EXPIRED; the runner is `failed` then.
   */
  async start(): Promise<void> {
    if (this.#state === 'created') this.#starting ??= this.#start()
    await this.#starting
  }

  /**
   * D11: stops intake, lets running attempts finish, interrupts them at the deadline, commits a clean note, leaves.
   * `deadlineMs` defaults to the runner's drain timeout. Every call waits for the same drain.
   */
  async drain(deadlineMs: number = this.#options.drainTimeoutMs): Promise<void> {
    await this.#starting?.catch(() => undefined)
    if (this.#state === 'created') this.#transition('stopped')
    if (this.#state === 'running') {
      this.#transition('draining')
      this.#draining = this.#drain(deadlineMs)
    }
    await this.#draining
  }

  /** Drains without letting running attempts finish: they are interrupted at once, and redelivered elsewhere. */
  async stop(): Promise<void> {
    await this.drain(0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain()
  }

  async #start(): Promise<void> {
    try {
      const { admin, schemas, namespace, agents } = this.#parts
      const shared = this.#shared()
      const grounds = await Promise.all(agents.map(({ agent }) => preflight(agent, { admin, schemas, namespace })))
      const consumed = grounds.flatMap((ground) => ground.consumed)
      await Promise.all(consumed.map(({ topic }) => refuseExpired(topic, shared)))
      this.#runtimes = agents.map((agent, at) => new AgentRuntime(agent, grounds[at] as AgentGround, shared))
      await Promise.all(this.#runtimes.map((runtime) => runtime.start()))
    } catch (error) {
      await Promise.all(this.#runtimes.map((runtime) => runtime.abandon()))
      this.#transition('failed')
      throw error
    }
    this.#transition('running')
    if (this.#failure !== undefined) void this.drain()
  }

  async #drain(deadlineMs: number): Promise<void> {
    const { clock, sender, log, agents } = this.#parts
    await Promise.all(this.#runtimes.map((runtime) => runtime.drain(deadlineMs)))
    await within(clock, FLUSH_MS, sender.flush())
    await Promise.all(agents.map(({ host }) => host.close()))
    this.#transition(this.#failure === undefined ? 'stopped' : 'failed')
    log.info({ runnerId: this.runnerId, state: this.#state }, 'the runner has drained')
  }

  #shared(): SharedRuntime {
    const { driver, admin, reader, sender, schemas, children, clock, log } = this.#parts
    return {
      driver,
      admin,
      reader,
      sender,
      schemas,
      children,
      clock,
      log,
      options: this.#options,
      events: this.events,
      history: new PartitionHistory({
        markers: new GroupMarkers({ admin, reader, sender }, this.#parts.namespace),
        reader,
        clock,
        runnerId: this.runnerId,
      }),
      onExpired: (error) => this.#fail(error, 'offsets have expired; draining'),
      onStuck: (agent, held) => this.#fail(handlersStuck(agent, held), 'handlers are stuck; draining'),
    }
  }

  /** The first failure counts. One that comes before the runner runs is told when it does. */
  #fail(error: TowlineError, what: string): void {
    if (this.#failure !== undefined || (this.#state !== 'created' && this.#state !== 'running')) return
    this.#failure = error
    this.#parts.log.error({ err: error }, what)
    if (this.#state === 'running') void this.drain()
  }

  #transition(to: RunnerState): void {
    const from = this.#state
    if (!isLegalTransition(from, to))
      throw new TowlineError('TOWLINE_INTERNAL', `a runner cannot go from ${from} to ${to}`)
    this.#state = to
    this.events.emit('runner:state', { from, to })
  }
}

const FLUSH_MS = 5_000

function handlersStuck(agent: string, held: number): TowlineError {
  return new TowlineError(
    'TOWLINE_HANDLERS_STUCK',
    `${held} handlers of agent ${agent} ignore their aborted signal and hold more than a tenth of its permits`,
    { value: held, wayOut: 'Pass context.signal on to what the handler waits for, so that an abort ends it' },
  )
}

/** Makes a runner; nothing is joined until `start`. */
export function createRunner(parts: RunnerParts): Runner {
  return new Runner(parts)
}
