import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ContenderMessage, RoundRequest } from './messages.ts'

const ROUND_TIMEOUT_MS = 300_000

export interface ContenderOptions<Told> {
  /** Hears what the contender tells while a round runs. */
  readonly onTold?: (what: Told) => void
  /** Arguments for its Node, before the file. */
  readonly nodeArguments?: readonly string[]
  /** A round that takes longer hangs, which is a finding too. Default: 300,000. */
  readonly roundTimeoutMs?: number
}

/**
 * A contender in a process of its own: what one does to its libraries (Towline's adapter repairs kafkajs in place) does
 * not reach another.
 */
export class Contender<Job, Result, Told = never> implements AsyncDisposable {
  readonly #name: string
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #roundTimeoutMs: number
  #rounds = 0

  private constructor(name: string, options: ContenderOptions<Told>) {
    this.#name = name
    this.#roundTimeoutMs = options.roundTimeoutMs ?? ROUND_TIMEOUT_MS
    const file = fileURLToPath(new URL(`../contenders/${name}.ts`, import.meta.url))
    // kafkajs arms timers with negative delays; Node would say so for every process.
    const execArgv = [...process.execArgv, '--disable-warning=TimeoutNegativeWarning', ...(options.nodeArguments ?? [])]
    this.#child = fork(file, { execArgv, stdio: ['ignore', 2, 2, 'ipc'] })
    this.#exited = once(this.#child, 'exit')
    this.#child.on('message', (message: ContenderMessage) => {
      if (message.kind === 'told') options.onTold?.(message.what as Told)
    })
  }

  /** @param name A file in `contenders/`. */
  static start<Job, Result, Told = never>(
    name: string,
    options: ContenderOptions<Told> = {},
  ): Contender<Job, Result, Told> {
    return new Contender<Job, Result, Told>(name, options)
  }

  /** Runs one round. Rejects when it fails, or when the process ends before. */
  async run(job: Job): Promise<Result> {
    this.#rounds += 1
    const round = this.#rounds
    const answer = this.#answerTo(round)
    const request: RoundRequest = { round, job }
    this.#child.send(request)
    const ended = this.#exited.then(() => Promise.reject(new Error(`${this.#name} ended before round ${round} did`)))
    const late = sleep(this.#roundTimeoutMs, undefined, { ref: false }).then(() =>
      Promise.reject(new Error(`${this.#name} has not done round ${round} after ${this.#roundTimeoutMs} ms`)),
    )
    return await Promise.race([answer, ended, late])
  }

  /** SIGKILL. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.#exited
  }

  #answerTo(round: number): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const hear = (message: ContenderMessage): void => {
      if (message.kind === 'told' || message.round !== round) return
      this.#child.off('message', hear)
      if (message.kind === 'done') resolve(message.result as Result)
      else reject(new Error(`${this.#name}: ${message.reason}`))
    }
    this.#child.on('message', hear)
    return promise
  }
}
