import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { vi } from 'vitest'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url))
const WAIT = { timeout: 60_000, interval: 50 }

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** `towline demo` as a shell runs it: leader of a process group, which a Ctrl-C reaches as a whole. */
export class DemoProcess implements AsyncDisposable {
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, ['--conditions=@towline/source', MAIN, 'demo', ...args], {
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#child.stdout?.on('data', (bytes) => {
      this.stdout += String(bytes)
    })
    this.#child.stderr?.on('data', (bytes) => {
      this.stderr += String(bytes)
    })
    this.ended = once(this.#child, 'close').then(([code]) => ({ code, stdout: this.stdout, stderr: this.stderr }))
  }

  /** Waits until stderr holds a match, and returns it. */
  async says(what: RegExp): Promise<RegExpExecArray> {
    return await vi.waitFor(() => {
      const match = what.exec(this.stderr)
      if (match === null) throw new Error(`it has not said ${what}, but: ${this.stderr}`)
      return match
    }, WAIT)
  }

  /** Pids of the processes that run because of it: those it has started, and theirs. */
  async processes(): Promise<readonly number[]> {
    return await descendantsOf(this.#child.pid ?? Number.NaN)
  }

  /** Ctrl-C. */
  interrupt(): void {
    process.kill(-(this.#child.pid ?? Number.NaN), 'SIGINT')
  }

  terminate(): void {
    this.#child.kill('SIGTERM')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL')
    await this.ended
  }
}

async function descendantsOf(pid: number): Promise<readonly number[]> {
  const found = await promisify(execFile)('pgrep', ['-P', String(pid)]).catch(() => ({ stdout: '' }))
  const children = found.stdout.split('\n').filter(Boolean).map(Number)
  return [...children, ...(await Promise.all(children.map(descendantsOf))).flat()]
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
