import type { Cancel, Clock, Logger } from '@towline/contracts'
import type { PauseCause } from './intake-gate.ts'
import type { RunnerEvents } from './runner-events.ts'
import type { TopicConsumer } from './topic-consumer.ts'

export interface SupervisedConsumerContext {
  readonly clock: Clock
  readonly log: Logger
  readonly events: RunnerEvents
  readonly sessionTimeoutMs: number
  /** Makes a fresh consumer; `onDead` is to be called when it died for good. */
  build(onDead: (because: string) => void): TopicConsumer
}

const FIRST_REBUILD_MS = 500
const LAST_REBUILD_MS = 30_000

/** A consumer is starting for the first time, alive, being replaced after a wait, or gone with the runner. */
type Phase =
  | { readonly kind: 'starting' }
  | { readonly kind: 'alive'; readonly consumer: TopicConsumer; readonly sinceMs: number }
  | { readonly kind: 'rebuilding' }
  | { readonly kind: 'stopped' }

/**
 * Keeps one topic consumed: a consumer that died, or whose proof of membership or last fetch turn is older than two
 * sessions, is given up and built anew, with back-off. What it held is redelivered.
 */
export class SupervisedConsumer {
  readonly #context: SupervisedConsumerContext
  readonly #standing = new Set<PauseCause>()
  /** Built last; while it still joins it must hear of causes too. */
  #latest: TopicConsumer | undefined
  #phase: Phase = { kind: 'starting' }
  #backoffMs = FIRST_REBUILD_MS
  #cancelTimer: Cancel = () => {}

  constructor(context: SupervisedConsumerContext) {
    this.#context = context
  }

  /** The first start fails loudly; later ones are repeated. */
  async start(): Promise<void> {
    const consumer = this.#build()
    try {
      await consumer.start()
    } catch (error) {
      await this.#giveUp(consumer)
      throw error
    }
    if (this.#phase.kind === 'starting') this.#alive(consumer)
    else await this.#giveUp(consumer)
  }

  get consumer(): TopicConsumer | undefined {
    return this.#phase.kind === 'alive' ? this.#phase.consumer : undefined
  }

  setCause(cause: PauseCause, on: boolean): void {
    if (on) this.#standing.add(cause)
    else this.#standing.delete(cause)
    this.#latest?.setCause(cause, on)
  }

  /** No rebuilding from here on; returns the consumer to drain, if one is alive. */
  stopSupervising(): TopicConsumer | undefined {
    const { consumer } = this
    this.#cancelTimer()
    this.#phase = { kind: 'stopped' }
    return consumer
  }

  #build(): TopicConsumer {
    const consumer: TopicConsumer = this.#context.build((because) => this.#replace(consumer, because))
    for (const cause of this.#standing) consumer.setCause(cause, true)
    this.#latest = consumer
    return consumer
  }

  #alive(consumer: TopicConsumer): void {
    this.#phase = { kind: 'alive', consumer, sinceMs: this.#context.clock.monotonicMs() }
    this.#watch()
  }

  #watch(): void {
    const { clock, sessionTimeoutMs } = this.#context
    this.#cancelTimer = clock.after(sessionTimeoutMs / 2, () => {
      if (this.#phase.kind !== 'alive') return
      const { consumer, sinceMs } = this.#phase
      const ageMs = clock.monotonicMs() - sinceMs
      const { proofAgeMs, fetchAgeMs } = consumer.liveness()
      if (ageMs > sessionTimeoutMs * 2) this.#backoffMs = FIRST_REBUILD_MS
      const silentMs = Math.min(Math.max(proofAgeMs, fetchAgeMs), ageMs)
      if (silentMs > sessionTimeoutMs * 2) {
        this.#replace(consumer, `no proof of membership for ${proofAgeMs} ms, no fetch for ${fetchAgeMs} ms`)
      } else this.#watch()
    })
  }

  #replace(consumer: TopicConsumer, because: string): void {
    if (this.#phase.kind !== 'alive' || this.#phase.consumer !== consumer) return
    this.#phase = { kind: 'rebuilding' }
    this.#cancelTimer()
    this.#context.events.emit('consumer:rebuilt', { topic: consumer.topic, because })
    this.#context.log.warn({ topic: consumer.topic, because }, 'the consumer is built anew')
    void this.#rebuild(consumer)
  }

  async #rebuild(dead: TopicConsumer): Promise<void> {
    await this.#giveUp(dead)
    if (this.#phase.kind !== 'rebuilding') return
    this.#cancelTimer = this.#context.clock.after(this.#backoffMs, () => void this.#tryAgain())
    this.#backoffMs = Math.min(this.#backoffMs * 2, LAST_REBUILD_MS)
  }

  async #tryAgain(): Promise<void> {
    const consumer = this.#build()
    try {
      await consumer.start()
    } catch (error) {
      this.#context.log.warn({ err: error, topic: consumer.topic }, 'the consumer could not be started; trying again')
      await this.#rebuild(consumer)
      return
    }
    if (this.#phase.kind === 'rebuilding') this.#alive(consumer)
    else await this.#giveUp(consumer)
  }

  async #giveUp(consumer: TopicConsumer): Promise<void> {
    try {
      await consumer.abandon()
    } catch (error) {
      this.#context.log.warn({ err: error, topic: consumer.topic }, 'a dead consumer could not be closed')
    }
  }
}
