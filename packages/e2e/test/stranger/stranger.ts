import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { vi } from 'vitest'
import { PreparedProject } from '../pages/prepared-project.ts'
import { WAIT } from '../runner-process.ts'

/** What a command printed and how it ended. */
export interface Answer {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Somebody at a shell, in an empty folder with `towline` on the path. Disposing of it ends what is still running there and
 * removes the folder.
 */
export class Stranger implements AsyncDisposable {
  readonly #project: PreparedProject = PreparedProject.create()
  readonly #env: Readonly<Record<string, string>>
  readonly #running = new Set<Command>()

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env
  }

  write(path: string, text: string): void {
    const file = join(this.#project.folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }

  /** Types a command and waits for its end. */
  async type(command: string): Promise<Answer> {
    return await this.#start(command).end
  }

  /** Types a command until what it says makes a stranger go on. */
  async retype(command: string, isEnough: (answer: Answer) => void): Promise<Answer> {
    return await vi.waitFor(async () => {
      const answer = await this.type(command)
      isEnough(answer)
      return answer
    }, WAIT)
  }

  /** Starts a command in the background; resolves when its stdout holds `line`. */
  async leaveRunning(command: string, line: RegExp): Promise<Command> {
    const running = this.#start(command)
    await vi.waitFor(() => {
      if (!line.test(running.soFar.stdout))
        throw new Error(`no ${line} of ${command} in ${JSON.stringify(running.soFar)}`)
    }, WAIT)
    return running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((command) => command.stop()))
    this.#project[Symbol.dispose]()
  }

  #start(command: string): Command {
    const running = new Command(command, {
      cwd: this.#project.folder,
      env: this.#project.environment(this.#env),
    })
    this.#running.add(running)
    void running.end.finally(() => this.#running.delete(running))
    return running
  }
}

/** A command line of bash that was started. */
class Command {
  readonly end: Promise<Answer>
  readonly #child: ChildProcess
  #stdout = ''
  #stderr = ''

  constructor(
    command: string,
    place: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
  ) {
    const child = spawn('bash', ['-c', `exec ${command}`], { ...place, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.end = once(child, 'close').then(([code]) => ({ code: code as number | null, ...this.soFar }))
  }

  get soFar(): Pick<Answer, 'stdout' | 'stderr'> {
    return { stdout: this.#stdout, stderr: this.#stderr }
  }

  /** SIGTERM, as `kill %1` sends it. */
  async stop(): Promise<Answer> {
    this.#child.kill('SIGTERM')
    return await this.end
  }
}
