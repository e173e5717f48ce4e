import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { topicNames } from '@towline/contracts'
import { vi } from 'vitest'
import type { DeathPoint } from './dying-driver.ts'
import type { Journal } from './journal.ts'
import type { TestFleet } from './test-fleet.ts'
import type { WorkAgentOptions } from './work-agent.ts'

/** How long a condition may take. Generous: waiting ends as soon as it holds. */
export const WAIT = { timeout: 40_000, interval: 50 } as const

const CONDITION = '--conditions=@towline/source'
/** Processes of these suites start in half the time when they need not compile what another compiled. */
export const COMPILE_CACHE: string = fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url))
const RUNNER_MAIN = [fileURLToPath(new URL('./runner-main.ts', import.meta.url))]
const TOWLINE_RUN = [
  fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url)),
  ...['run', '-o', 'jsonl', '--config', fileURLToPath(new URL('./towline.config.ts', import.meta.url))],
]

export interface RunnerProcessOptions {
  /** Its runner id and client id. */
  readonly name: string
  readonly type: string
  readonly agent?: WorkAgentOptions
  readonly journal: Journal
  /** Longest drain. Default 25 s. */
  readonly drain?: string
  readonly maxInFlight?: number
  /** Where it kills itself, perhaps before it is ready. */
  readonly diesAt?: DeathPoint
  /**
   * `towline run`, which users start, instead of the entry that also writes down what its runner tells. Signals go to its
   * supervisor then.
   */
  readonly isCommandLine?: boolean
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A runner in a process of its own. Disposing it kills it. */
export class RunnerProcess implements AsyncDisposable {
  readonly name: string
  readonly journal: Journal
  readonly exited: Promise<Exit>
  readonly #child: ChildProcess
  readonly #fleet: TestFleet
  readonly #tasksTopic: string
  #output = ''

  private constructor(fleet: TestFleet, options: RunnerProcessOptions) {
    this.name = options.name
    this.journal = options.journal.by(options.name)
    this.#fleet = fleet
    this.#tasksTopic = topicNames(options.type, fleet.namespace).tasks
    this.#child = spawn(process.execPath, [CONDITION, ...(options.isCommandLine ? TOWLINE_RUN : RUNNER_MAIN)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        ...fleet.environment(),
        ...environmentOf(options),
      },
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (bytes) => {
        this.#output += String(bytes)
      })
    }
    this.exited = once(this.#child, 'exit').then(([code, signal]) => ({ code, signal }))
  }

  /** Resolves when it has joined its groups, or at once where it is to die. */
  static async start(fleet: TestFleet, options: RunnerProcessOptions): Promise<RunnerProcess> {
    const runner = new RunnerProcess(fleet, options)
    if (options.diesAt !== undefined) return runner
    try {
      await runner.says('ready')
    } catch (error) {
      await runner[Symbol.asyncDispose]()
      throw error
    }
    return runner
  }

  /** Waits until it has written this to stdout or stderr. */
  async says(text: string): Promise<void> {
    const isSaid = (): boolean => this.#output.includes(text)
    await vi.waitFor(() => {
      if (!isSaid() && !this.#hasExited) throw new Error(`${this.name} has not said ${JSON.stringify(text)} yet`)
    }, WAIT)
    if (!isSaid()) throw new Error(`${this.name} exited without saying ${JSON.stringify(text)}, but: ${this.#output}`)
  }

  /** Waits until it holds this many partitions of the tasks topic. */
  async holds(partitions: number): Promise<void> {
    await vi.waitFor(() => {
      const { size } = this.journal.held(this.#tasksTopic)
      if (size !== partitions) throw new Error(`${this.name} holds ${size} partitions, not ${partitions}`)
    }, WAIT)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Process ids of the runners that the supervisor of a command line has started, once each has joined; the last runs. */
  get runnerPids(): readonly number[] {
    return [...this.#output.matchAll(/"event":"ready".*"pid":(\d+)/g)].map(([, pid]) => Number(pid))
  }

  /** Signals the runner of a command line, past its supervisor. */
  signalRunner(signal: NodeJS.Signals): void {
    const pid = this.runnerPids.at(-1)
    if (pid === undefined) throw new Error(`${this.name} has no runner yet`)
    process.kill(pid, signal)
  }

  /** SIGKILL, of a supervisor and its runner together: what is not written yet is never written. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    const runner = this.runnerPids.at(-1)
    if (runner !== undefined) killIfAlive(runner)
    await this.exited
  }

  /** Kills it, and leaves its groups in its name: no session has to run out before others take over. */
  async killAndBury(): Promise<void> {
    await this.kill()
    await this.#fleet.bury(this.name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasExited) await this.kill()
  }

  get #hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function environmentOf({ name, type, agent, journal, ...settings }: RunnerProcessOptions): NodeJS.ProcessEnv {
  const { drain = '25s', maxInFlight = 2_000, diesAt } = settings
  return {
    TOWLINE_RUNNER_ID: name,
    TOWLINE_CLIENT_ID: name,
    TOWLINE_DRAIN: drain,
    TOWLINE_MAX_IN_FLIGHT: String(maxInFlight),
    E2E_AGENT: JSON.stringify({ ...agent, type }),
    E2E_JOURNAL: journal.path,
    ...(diesAt === undefined ? {} : { E2E_DIE_AT: JSON.stringify(diesAt) }),
  }
}
