import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Clock } from '@towline/contracts'
import { systemClock } from '@towline/kafka'
import type { RunningBroker } from '@towline/test-brokers'
import { createCli } from '../src/cli.ts'
import { createProgram } from '../src/program.ts'
import { fakeIo } from './fake-io.ts'

export const MAIN: string = fileURLToPath(new URL('../src/main.ts', import.meta.url))
/** Halves what a start costs; these tests start many. */
export const COMPILE_CACHE: string = fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url))
export const FIXTURES: string = fileURLToPath(new URL('./fixtures', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly elapsedMs: number
}

export interface CliOptions {
  readonly stdin?: string | Buffer
  /** Default: where the fixtures' towline.config.ts is. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface CallOptions extends CliOptions {
  readonly stdin?: string
  /** Default: the system's. */
  readonly clock?: Clock
}

/** A command line that is still running. */
export class RunningCli {
  readonly #child: ChildProcess
  readonly #stdout: Readable
  readonly #stderr: Readable
  readonly #startedAtMs = performance.now()
  readonly finished: Promise<Finished>
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], options: CliOptions) {
    const { NODE_OPTIONS: _conditions, ...env } = process.env
    this.#child = spawn(process.execPath, ['--conditions=@towline/source', MAIN, ...args], {
      cwd: options.cwd ?? FIXTURES,
      env: { ...env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...options.env },
      stdio: 'pipe',
    })
    this.#stdout = this.#child.stdout ?? Readable.from([])
    this.#stderr = this.#child.stderr ?? Readable.from([])
    this.#stdout.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString('utf8')
    })
    this.#stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString('utf8')
    })
    // A child that refuses its input early closes the pipe.
    this.#child.stdin?.on('error', () => undefined)
    if (options.stdin !== undefined) this.#child.stdin?.end(options.stdin)
    this.finished = once(this.#child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.stdout,
      stderr: this.stderr,
      elapsedMs: performance.now() - this.#startedAtMs,
    }))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Reads no more of its stdout, as `| head` does. */
  closeStdout(): void {
    this.#stdout.destroy()
  }

  write(text: string): void {
    this.#child.stdin?.write(text)
  }

  /** Resolves when stdout or stderr holds `text`. */
  async said(text: string): Promise<void> {
    while (!this.stdout.includes(text) && !this.stderr.includes(text)) {
      const spoke = Promise.race([once(this.#stdout, 'data'), once(this.#stderr, 'data')])
      const ended = await Promise.race([spoke.then(() => undefined), this.finished])
      if (ended !== undefined) throw new Error(`it ended with ${ended.code} without saying ${text}: ${ended.stderr}`)
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

/** Command lines of one namespace on one broker. */
export class CliWorld {
  readonly #env: Readonly<Record<string, string>>
  readonly #started: RunningCli[] = []

  constructor(broker: RunningBroker, namespace: string) {
    this.#env = {
      TOWLINE_BROKERS: broker.brokers.join(','),
      TOWLINE_REGISTRY: broker.registry,
      TOWLINE_NAMESPACE: namespace,
    }
  }

  start(args: string, options: CliOptions = {}): RunningCli {
    const started = new RunningCli(splitArguments(args), { ...options, env: { ...this.#env, ...options.env } })
    this.#started.push(started)
    return started
  }

  async run(args: string, options: CliOptions = {}): Promise<Finished> {
    return await this.start(args, { stdin: '', ...options }).finished
  }

  /** The same without a process of its own, which costs half a second. */
  async call(args: string, options: CallOptions = {}): Promise<Finished> {
    const startedAtMs = performance.now()
    const { stdin = '', cwd = FIXTURES, clock = systemClock } = options
    const io = { ...fakeIo({ stdin, env: { ...this.#env, ...options.env }, cwd }), clock }
    const cli = createCli(io)
    const code = await cli.run(createProgram(cli), splitArguments(args))
    return { code, ...io.written, elapsedMs: performance.now() - startedAtMs }
  }

  /** stdout of a call that must succeed, as JSON. */
  async json<T>(args: string): Promise<T> {
    const { code, stdout, stderr } = await this.call(`${args} -o json`)
    if (code !== 0) throw new Error(`towline ${args} ended with ${code}: ${stderr}`)
    return JSON.parse(stdout) as T
  }

  /** Ends whatever a test left running. */
  async stop(): Promise<void> {
    for (const started of this.#started) started.signal('SIGKILL')
    await Promise.all(this.#started.splice(0).map(({ finished }) => finished))
  }
}

/** Words, with 'single quotes' around those that hold spaces. */
export function splitArguments(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')
}
