import { type ChildProcess, spawn } from 'node:child_process'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import type { TowlineError } from '@towline/contracts'
import type { Env } from '@towline/fleet'
import { demoFailed } from './demo-failed.ts'
import { ownFile } from './own-program.ts'
import { atMost } from './wait-until.ts'

const KEPT_LINES = 20
/** Longest that ending in good order may take. */
const STOP_GRACE_MS = 5_000
/** Longest that it may take to end at once. */
const FORCE_GRACE_MS = 2_000

export interface TowlineProcessOptions {
  /** What is started, for people. */
  readonly name: string
  /** The verb and its flags; the verb must say that it is ready by a JSON line on stdout, each time it is. */
  readonly args: readonly string[]
  /** Its whole environment. */
  readonly env: Env
  /** Called at most once: when it ends though nobody told it to. */
  readonly onLost: (lost: LostProcess) => void
}

export interface LostProcess {
  /** What happened, in words. */
  readonly what: string
  readonly error: TowlineError
  /** The last of what it wrote to stderr. */
  readonly lastLines: readonly string[]
}

/**
 * A `towline` process of the demo's own. It leads a process group of its own, so that a Ctrl-C reaches the demo alone,
 * which then ends its processes in their order; and it ends with the demo, however that ends.
 */
export class TowlineProcess {
  readonly name: string
  /** Resolves, to how it ended, when it has. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  readonly #lastLines: string[] = []
  #readyLine: string | undefined
  #isExpectedToEnd = false

  constructor({ name, args, env, onLost }: TowlineProcessOptions) {
    this.name = name
    const preload = `--import=${pathToFileURL(ownFile('./end-with-parent'))}`
    this.#child = spawn(process.execPath, [...process.execArgv, preload, ownFile('../main'), ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
      windowsHide: true,
    })
    this.ended = endOf(this.#child)
    const { stdout, stderr } = this.#child
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (line) => {
        this.#readyLine = line
      })
    }
    if (stderr !== null) createInterface({ input: stderr }).on('line', (line) => this.#keep(line))
    void this.ended.then((how) => {
      if (this.#isExpectedToEnd) return
      const what = `${name} ended on its own: ${how}`
      onLost({ what, error: demoFailed(what, { value: how }), lastLines: this.#lastLines })
    })
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** The last of what it wrote to stderr. */
  get lastLines(): readonly string[] {
    return this.#lastLines
  }

  /** The last document by which its verb said that it is ready; undefined before the first. */
  get readyDocument(): Record<string, unknown> | undefined {
    return this.#readyLine === undefined ? undefined : (JSON.parse(this.#readyLine) as Record<string, unknown>)
  }

  /**
   * Tells it to end in good order and waits till it has; where that takes longer than `graceMs`, tells it to end at once,
   * and kills it where it does not do that either.
   */
  async stop(graceMs: number = STOP_GRACE_MS): Promise<void> {
    this.#isExpectedToEnd = true
    for (const waitMs of [graceMs, FORCE_GRACE_MS]) {
      this.#child.kill('SIGTERM')
      if ((await atMost(waitMs, this.ended)) !== undefined) return
    }
    await this.kill()
  }

  /** Ends it, and what it started, in the middle of whatever they do. */
  async kill(): Promise<void> {
    this.#isExpectedToEnd = true
    this.#killGroup()
    await this.ended
  }

  #killGroup(): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL')
    } catch (error) {
      // Nobody is left in it.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  #keep(line: string): void {
    this.#lastLines.push(line)
    if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift()
  }
}

/** How a process ended, when all it wrote has been read. Never rejects. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
}
