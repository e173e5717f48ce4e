import {
  avroCodec,
  type Clock,
  type Logger,
  type SchemaSource,
  TaskEvent,
  TaskResult,
  TowlineError,
  within,
} from '@towline/contracts'
import type { AdminPort, KafkaDriver, ReaderPort, RecordSender, TopicPartition } from '@towline/kafka'
import { Admission } from './admission.ts'
import type { AgentGround } from './agent-preflight.ts'
import { AgentScheduler } from './agent-scheduler.ts'
import { AttemptTimeouts } from './attempt-timeouts.ts'
import { EndWriter } from './end-writer.ts'
import { EventWriter } from './event-writer.ts'
import { idempotentTasksBelow } from './idempotent-log.ts'
import { OutcomeRouter, type RetryNotice } from './outcome-router.ts'
import type { Partition } from './partition.ts'
import type { PartitionHistory } from './partition-history.ts'
import type { LostRange } from './partition-start.ts'
import type { RunnerEvents, TaskRef } from './runner-events.ts'
import type { ResolvedRunnerOptions } from './runner-options.ts'
import type { ChildPublisher, RunnerAgent } from './runner-ports.ts'
import { SupervisedConsumer } from './supervised-consumer.ts'
import { TaskFlow } from './task-flow.ts'
import type { TaskSlot } from './task-slot.ts'
import { type ConsumedTopic, TopicConsumer } from './topic-consumer.ts'

/** What every agent of a runner shares. */
export interface SharedRuntime {
  readonly driver: KafkaDriver
  readonly sender: RecordSender
  readonly admin: AdminPort
  readonly reader: ReaderPort
  readonly schemas: SchemaSource
  readonly children: ChildPublisher | undefined
  readonly clock: Clock
  readonly log: Logger
  readonly options: ResolvedRunnerOptions
  readonly events: RunnerEvents
  readonly history: PartitionHistory
  /** Offsets have expired: the runner must not go on. */
  onExpired(error: TowlineError): void
  /** Handlers that ignore their signals hold more than a tenth of an agent's permits. */
  onStuck(agent: string, held: number): void
}

const TASKS_SHOWN = 20

/** One agent in a runner: its permits, its scheduler and a consumer for each of its topics. */
export class AgentRuntime {
  readonly #agent: RunnerAgent
  readonly #ground: AgentGround
  readonly #shared: SharedRuntime
  readonly #events: EventWriter
  readonly #admission: Admission
  readonly #scheduler: AgentScheduler
  readonly #consumers: readonly SupervisedConsumer[]
  readonly #timeouts: AttemptTimeouts

  constructor(agent: RunnerAgent, ground: AgentGround, shared: SharedRuntime) {
    this.#agent = agent
    this.#ground = ground
    this.#shared = shared
    this.#events = this.#makeEventWriter()
    this.#timeouts = new AttemptTimeouts(agent.agent.timeoutMs, shared.clock)
    const { maxInFlight, maxInFlightBytes } = shared.options
    this.#admission = new Admission({ concurrency: agent.agent.concurrency, maxInFlight, maxInFlightBytes }, (isFull) =>
      this.#setCause('full', isFull),
    )
    this.#scheduler = new AgentScheduler({
      admission: this.#admission,
      flow: this.#makeFlow(),
      clock: shared.clock,
      log: shared.log,
      onFinished: (slot, taskEnd) => {
        if (taskEnd === null || shared.events.listenerCount('task:ended') === 0) return
        const { end, reason, failure } = taskEnd
        const nowMs = shared.clock.monotonicMs()
        const durationMs = nowMs - (slot.startedMonotonicMs ?? nowMs)
        shared.events.emit('task:ended', { ...this.#refOf(slot), end, reason, failure, durationMs })
      },
      onRegistry: (isOut) => {
        this.#setCause('registry', isOut)
        shared.events.emit(isOut ? 'registry:unavailable' : 'registry:recovered', { agent: this.#type })
      },
      onStuck: (held) => shared.onStuck(this.#type, held),
    })
    this.#consumers = ground.consumed.map((source) => this.#supervise(source))
  }

  /** Resolves when every group was joined; throws the first failure once all have settled. */
  async start(): Promise<void> {
    const starts = await Promise.allSettled(this.#consumers.map((consumer) => consumer.start()))
    const failed = starts.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  /** Partitions held now, over all topics. */
  get partitions(): readonly Partition[] {
    return this.#consumers.flatMap(({ consumer }) => consumer?.partitions ?? [])
  }

  get running(): number {
    return this.#admission.running
  }

  get inFlight(): number {
    return this.#admission.inFlight
  }

  /**
   * Stops intake and lets running attempts finish; interrupts them the abort grace, or half the time if that is less,
   * before `deadlineMs`, so that by then all has settled that heeds its signal. 0 interrupts at once, with the abort grace.
   */
  async drain(deadlineMs: number): Promise<void> {
    const { clock } = this.#shared
    this.#scheduler.beginDrain()
    const consumers = this.#consumers.flatMap((supervised) => supervised.stopSupervising() ?? [])
    for (const consumer of consumers) consumer.beginDrain()
    const { abortGraceMs } = this.#agent.agent
    const graceMs = deadlineMs === 0 ? abortGraceMs : Math.min(abortGraceMs, deadlineMs / 2)
    if (!(await within(clock, Math.max(0, deadlineMs - graceMs), this.#scheduler.idle()))) {
      for (const consumer of consumers) consumer.interruptRunning()
      const hasSettled = await within(clock, graceMs, this.#scheduler.idle())
      if (!hasSettled) this.#tellLeftBehind(consumers)
    }
    this.#timeouts.stop()
    await Promise.all(consumers.map((consumer) => consumer.finish()))
  }

  async abandon(): Promise<void> {
    this.#scheduler.beginDrain()
    const consumers = this.#consumers.flatMap((supervised) => supervised.stopSupervising() ?? [])
    await Promise.allSettled(consumers.map((consumer) => consumer.abandon()))
    this.#timeouts.stop()
  }

  #tellLeftBehind(consumers: readonly TopicConsumer[]): void {
    const tasks = consumers.flatMap(({ partitions }) => partitions.flatMap((partition) => partition.runningTasks))
    const shown = tasks.slice(0, TASKS_SHOWN)
    this.#shared.log.warn(
      { agent: this.#type, tasks: shown, count: tasks.length },
      'handlers ignore their aborted signal',
    )
  }

  get #type(): string {
    return this.#agent.agent.agentType.type
  }

  #setCause(cause: 'full' | 'registry', on: boolean): void {
    for (const consumer of this.#consumers) consumer.setCause(cause, on)
  }

  #supervise(source: ConsumedTopic): SupervisedConsumer {
    const { clock, log, events, options, driver, admin, reader, sender, history } = this.#shared
    return new SupervisedConsumer({
      clock,
      log,
      events,
      sessionTimeoutMs: options.sessionTimeoutMs,
      build: (onDead) =>
        new TopicConsumer({
          source,
          driver,
          ordering: this.#agent.agent.ordering,
          admission: this.#admission,
          scheduler: this.#scheduler,
          clock,
          log,
          options,
          events,
          finishedBelow: (tp, base) =>
            idempotentTasksBelow(
              {
                admin,
                reader,
                clock,
                windowMs: options.idempotencyWindowMs,
                minRecords: options.dedupeCapacity,
                maxRecords: options.idempotencyRecords,
              },
              tp,
              base,
            ),
          history,
          onDataLost: (tp, lost) => this.#tellDataLost(tp, lost),
          onExpired: this.#shared.onExpired,
          onGuardsChanged: () => sender.poke(),
          onDead,
        }),
    })
  }

  #tellDataLost(tp: TopicPartition, lost: LostRange): void {
    const { log, events, clock } = this.#shared
    log.error({ ...tp, ...lost }, 'records were deleted before they were run')
    events.emit('data:lost', { ...tp, ...lost })
    this.#events.dataLost(tp, lost, clock.nowMs())
  }

  #makeFlow(): TaskFlow {
    const { agent, host, policy } = this.#agent
    const { clock, log, schemas, children, events } = this.#shared
    return new TaskFlow({
      agent: this.#type,
      host,
      clock,
      log,
      timeouts: this.#timeouts,
      abortGraceMs: agent.abortGraceMs,
      inputCodec: avroCodec<unknown>(agent.agentType.input, schemas),
      encodeOutput: this.#makeOutputEncoder(),
      policy,
      router: this.#makeRouter(),
      events: this.#events,
      children,
      onStarted: (slot) => {
        this.#scheduler.decoded()
        if (events.listenerCount('attempt:started') > 0) events.emit('attempt:started', this.#refOf(slot))
      },
      onOutcome: (slot, { outcome, durationMs }) => {
        if (events.listenerCount('attempt:ended') === 0) return
        events.emit('attempt:ended', { ...this.#refOf(slot), outcome: outcome.kind, durationMs })
      },
    })
  }

  #makeOutputEncoder(): (output: unknown) => Buffer {
    const codec = avroCodec<unknown>(this.#agent.agent.agentType.output, this.#shared.schemas)
    const { maxOutputBytes, schemaIds } = this.#ground
    return (output) => {
      const bytes = codec.encode(output, schemaIds.output)
      if (bytes.length <= maxOutputBytes) return bytes
      const message = `the output of ${bytes.length} bytes exceeds the ${maxOutputBytes} that a result may hold`
      throw new TowlineError('TOWLINE_PAYLOAD_TOO_LARGE', message, {
        value: bytes.length,
        bound: maxOutputBytes,
        wayOut: 'Return a reference to the data, or raise max.message.bytes of the results topic',
      })
    }
  }

  #makeEventWriter(): EventWriter {
    const { sender, schemas, options, log } = this.#shared
    return new EventWriter({
      sender,
      eventsTopic: this.#ground.eventsTopic,
      codec: avroCodec(TaskEvent, schemas),
      schemaId: this.#ground.schemaIds.event,
      runnerId: options.runnerId,
      log,
    })
  }

  #makeRouter(): OutcomeRouter {
    const { sender, schemas, options, clock, log } = this.#shared
    const ends = new EndWriter({
      sender,
      resultsTopic: this.#ground.resultsTopic,
      codec: avroCodec(TaskResult, schemas),
      schemaId: this.#ground.schemaIds.result,
      runnerId: options.runnerId,
    })
    const { policy, router: failures } = this.#agent
    return new OutcomeRouter({
      clock,
      policy,
      failures,
      ends,
      events: this.#events,
      log,
      onRetry: (slot, retry) => this.#tellRetry(slot, retry),
    })
  }

  #tellRetry(slot: TaskSlot, retry: RetryNotice): void {
    const ref = this.#refOf(slot)
    if (retry.kind === 'tier') this.#shared.events.emit('task:retried', { ...ref, ...retry })
    else this.#shared.events.emit('task:parked', { ...ref, ...retry })
  }

  #refOf(slot: TaskSlot): TaskRef {
    return {
      agent: this.#type,
      taskId: slot.envelope.taskId,
      life: slot.envelope.life,
      attempt: slot.attempt,
      topic: slot.tp.topic,
      partition: slot.tp.partition,
      offset: slot.record.offset,
    }
  }
}
