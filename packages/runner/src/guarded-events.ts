import { EventEmitter } from 'node:events'
import { isPromise } from 'node:util/types'
import type { Logger } from '@towline/contracts'
import type { RunnerEventMap } from './runner-events.ts'

type Listener = (...payload: unknown[]) => unknown

/**
 * The emitter of a runner. Its listeners are its owner's code, called in the middle of the runner's work: between the end
 * of a task that is written and its offset, say.
 *
 *   V1. What a listener throws, or rejects with, never reaches who emits: it is logged, and the next listener is called.
 */
export class GuardedEvents extends EventEmitter<RunnerEventMap> {
  readonly #log: Logger

  constructor(log: Logger) {
    super()
    this.#log = log
  }

  override emit<K extends keyof RunnerEventMap>(event: K, ...payload: RunnerEventMap[K]): boolean {
    const listeners = this.rawListeners(event)
    for (const listener of listeners) this.#call(event, listener as Listener, payload)
    return listeners.length > 0
  }

  #call(event: string, listener: Listener, payload: readonly unknown[]): void {
    try {
      const returned = Reflect.apply(listener, this, payload)
      if (isPromise(returned)) returned.catch((error: unknown) => this.#tell(event, error))
    } catch (error) {
      this.#tell(event, error)
    }
  }

  #tell(event: string, error: unknown): void {
    this.#log.warn({ err: error, event }, 'a listener of the runner failed; the runner goes on')
  }
}
