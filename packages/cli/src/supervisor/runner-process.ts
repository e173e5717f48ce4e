import { type ChildProcess, spawn } from 'node:child_process'
import process from 'node:process'
import type { GroupMembership } from '@towline/runner'
import type { CliProcess } from '../cli-io.ts'
import { Memberships } from './memberships.ts'
import type { ProcessExit } from './restart-policy.ts'
import type { RunnerMessage, RunnerSettings, SupervisorMessage } from './supervisor-messages.ts'

/** The flag by which a `towline run` knows that a supervisor started it. */
export const SUPERVISED_FLAG = '--supervised'

export interface RunnerProcessEvents {
  onSettled(settings: RunnerSettings): void
  onReady(): void
  /** It could not be started, or told something; where it is gone, `onExited` follows. */
  onError(error: Error): void
  /** It is gone, and all it told was heard; `members` are the memberships it did not end. */
  onExited(exit: ProcessExit, members: readonly GroupMembership[]): void
}

/** A runner as a child of its supervisor: the same command line, on the same stdin, stdout and stderr. */
export class RunnerProcess {
  readonly #child: ChildProcess
  readonly #memberships = new Memberships()
  readonly #events: RunnerProcessEvents

  constructor({ script, args }: CliProcess, events: RunnerProcessEvents) {
    this.#events = events
    this.#child = spawn(process.execPath, [...process.execArgv, script, ...supervised(args)], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', (message: RunnerMessage) => this.#hear(message))
    this.#child.on('error', (error) => events.onError(error))
    // Unlike `exit` it waits for the end of the channel: what was told in the last moment counts.
    this.#child.once('close', (code, signal) => events.onExited({ code, signal }, this.#memberships.held()))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** By message, not by a signal: a Ctrl-C in a terminal reaches both, and the second signal forces. */
  drain(): void {
    const message: SupervisorMessage = { kind: 'drain' }
    this.#child.send(message, () => undefined)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #hear(message: RunnerMessage): void {
    switch (message.kind) {
      case 'settled':
        this.#events.onSettled(message.settings)
        break
      case 'joining':
        this.#memberships.joining(message)
        break
      case 'left':
        this.#memberships.left(message)
        break
      case 'ready':
        this.#events.onReady()
    }
  }
}

/** Before a `--`, which ends the flags. */
function supervised(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  return end === -1 ? [...args, SUPERVISED_FLAG] : args.toSpliced(end, 0, SUPERVISED_FLAG)
}
