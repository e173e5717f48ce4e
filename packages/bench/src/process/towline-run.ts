import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FleetPlace } from '../ground/bench-fleet.ts'

export interface TowlineRunOptions<Told> {
  /** A file in `contenders/`, without its `.config.ts`. */
  readonly config: string
  readonly place: FleetPlace
  readonly clientId: string
  readonly env: Readonly<Record<string, string>>
  readonly isSupervised: boolean
  /** Hears the JSON lines that its agents write to stdout. */
  readonly onTold: (what: Told) => void
}

interface Ready {
  readonly event: 'ready'
  readonly pid: number
}

const MAIN = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url))

/** `towline run` as users start it, with or without its supervisor. Disposing kills all of it. */
export class TowlineRun<Told extends object> implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #ready = Promise.withResolvers<void>()
  /** Of the runner itself: the last that was started. */
  #runnerPid: number | undefined

  constructor({ config, place, clientId, env, isSupervised, onTold }: TowlineRunOptions<Told>) {
    const file = fileURLToPath(new URL(`../contenders/${config}.config.ts`, import.meta.url))
    const flags = ['-o', 'jsonl', '-q', '--log-level', 'error', ...(isSupervised ? [] : ['--no-supervisor'])]
    this.#child = spawn(process.execPath, [...process.execArgv, MAIN, 'run', '--config', file, ...flags], {
      stdio: ['ignore', 'pipe', 2],
      env: {
        ...process.env,
        ...env,
        TOWLINE_BROKERS: place.brokers,
        TOWLINE_REGISTRY: place.registry,
        TOWLINE_NAMESPACE: place.namespace,
        TOWLINE_CLIENT_ID: clientId,
        TOWLINE_DRAIN: '100ms',
      },
    })
    this.#exited = once(this.#child, 'exit')
    void this.#exited.then(() => this.#ready.reject(new Error(`towline run (${clientId}) ended before it was ready`)))
    this.#ready.promise.catch(() => undefined)
    if (this.#child.stdout === null) return
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const document = JSON.parse(line) as Ready | Told
      if (!('event' in document)) return onTold(document)
      this.#runnerPid = document.pid
      this.#ready.resolve()
    })
  }

  /** Resolves when it has joined its groups. */
  async ready(): Promise<void> {
    await this.#ready.promise
  }

  /** SIGKILL of the runner; its supervisor lives on. */
  killRunner(): void {
    if (this.#runnerPid !== undefined) process.kill(this.#runnerPid, 'SIGKILL')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#exited
  }
}
