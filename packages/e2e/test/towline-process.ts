import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { COMPILE_CACHE, type Exit } from './runner-process.ts'
import type { TestFleet } from './test-fleet.ts'

const MAIN = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))

/** How a command line ended, and what it had written by then. */
export interface Ended extends Exit {
  readonly stdout: string
  readonly stderr: string
}

/** A command line of a fleet, as a user would call it where there is no configuration file. Disposing it kills it. */
export class TowlineProcess implements AsyncDisposable {
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  #hasEnded = false

  constructor(fleet: TestFleet, ...args: readonly string[]) {
    this.#child = spawn(process.execPath, ['--conditions=@towline/source', MAIN, ...args], {
      cwd: tmpdir(),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...fleet.environment() },
    })
    const written = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      this.#child[stream]?.on('data', (bytes) => {
        written[stream] += String(bytes)
      })
    }
    this.ended = once(this.#child, 'close').then(([code, signal]) => {
      this.#hasEnded = true
      return { code, signal, ...written }
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.signal('SIGKILL')
    await this.ended
  }
}
