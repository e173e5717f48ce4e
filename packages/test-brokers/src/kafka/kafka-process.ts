import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

const START_TIMEOUT_MS = 60_000
const STOP_GRACE_MS = 15_000
/** Lines of its log kept to explain why it did not start. */
const KEPT_LINES = 20

export interface KafkaProcessOptions {
  /** The folder of Kafka's jars. */
  readonly jars: string
  /** A `server.properties` whose storage is formatted. */
  readonly properties: string
}

/** A running `kafka.Kafka`. It has a process group of its own, so that a Ctrl-C meant for the tests ends them first. */
export class KafkaProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  readonly #lastLines: string[] = []
  readonly #started = Promise.withResolvers<void>()

  constructor({ jars, properties }: KafkaProcessOptions) {
    const memory = ['-Xmx512m', '-Xms256m']
    this.#child = spawn('java', [...memory, '-cp', join(jars, '*'), 'kafka.Kafka', properties], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const endWithParent = (): boolean => this.#child.kill('SIGKILL')
    process.once('exit', endWithParent)
    this.#child.once('exit', () => process.off('exit', endWithParent))
    this.#exited = new Promise((resolve) => this.#child.once('close', () => resolve()))
    this.#child.once('error', (error) => this.#started.reject(error))
    void this.#exited.then(() => this.#started.reject(new Error(`it exited at once:\n${this.#lastLines.join('\n')}`)))
    this.#started.promise.catch(() => undefined)
    for (const stream of [this.#child.stdout, this.#child.stderr]) this.#follow(stream)
  }

  /** Resolves when the broker serves clients. */
  async started(signal?: AbortSignal): Promise<void> {
    const timeout = AbortSignal.timeout(START_TIMEOUT_MS)
    const given = signal === undefined ? timeout : AbortSignal.any([timeout, signal])
    const aborted = Promise.withResolvers<never>()
    const abort = (): void => aborted.reject(given.reason)
    given.addEventListener('abort', abort, { once: true })
    try {
      await Promise.race([this.#started.promise, aborted.promise])
    } finally {
      given.removeEventListener('abort', abort)
    }
  }

  /** A clean stop, and a kill where that takes too long. Resolves when the process is gone. */
  async stop(): Promise<void> {
    if (this.#child.pid === undefined) return
    this.#child.kill('SIGTERM')
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), STOP_GRACE_MS)
    await this.#exited
    clearTimeout(kill)
  }

  /** SIGKILL. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #follow(stream: Readable | null): void {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastLines.push(...text.split('\n').filter((line) => line !== ''))
      this.#lastLines.splice(0, this.#lastLines.length - KEPT_LINES)
      if (text.includes('Kafka Server started')) this.#started.resolve()
    })
  }
}
