import type { Logger, TaskEnvelope } from '@towline/contracts'

/**
 * The logger of one attempt: a child that is made when something is first logged. Most attempts log nothing, and a child
 * of pino costs about as much as starting the attempt.
 */
export class AttemptLog implements Logger {
  readonly #parent: Logger
  readonly #agent: string
  readonly #task: TaskEnvelope
  #made: Logger | undefined

  constructor(parent: Logger, agent: string, task: TaskEnvelope) {
    this.#parent = parent
    this.#agent = agent
    this.#task = task
  }

  debug(fields: object, message: string): void {
    this.#log.debug(fields, message)
  }

  info(fields: object, message: string): void {
    this.#log.info(fields, message)
  }

  warn(fields: object, message: string): void {
    this.#log.warn(fields, message)
  }

  error(fields: object, message: string): void {
    this.#log.error(fields, message)
  }

  child(fields: Record<string, unknown>): Logger {
    return this.#log.child(fields)
  }

  get #log(): Logger {
    if (this.#made === undefined) {
      const { taskId, life, attempt } = this.#task
      this.#made = this.#parent.child({ agent: this.#agent, taskId, life, attempt })
    }
    return this.#made
  }
}
