import { type Cancel, type Clock, type Logger, within } from '@towline/contracts'
import type { GroupMembership } from '@towline/runner'
import type { CliProcess } from '../cli-io.ts'
import { leaveFor } from './leave-for.ts'
import type { ProcessExit } from './restart-policy.ts'
import { RunnerProcess } from './runner-process.ts'
import { StandbyAdmin } from './standby-admin.ts'
import type { RunnerSettings } from './supervisor-messages.ts'
import { FIRST_STATE, nextState, type SupervisorEvent, type SupervisorState } from './supervisor-state.ts'

export interface SupervisorContext {
  readonly process: CliProcess
  readonly clock: Clock
  logAt(level: RunnerSettings['logLevel']): Logger
}

interface EndedProcess extends ProcessExit {
  readonly pid: number | undefined
}

/** After a session the group knows anyway. */
const LAST_LEAVE_MS = 6_000

/**
 * Keeps one runner process alive, and buries the dead at once.
 *   S1. It speaks for a process only once that has exited and its channel has ended: never for one that runs, hangs or
 *       is stopped.
 *   S2. It loads nothing of the user's: what kills a runner does not kill its supervisor.
 *   S3. It ends only when no process of its own is left.
 */
export class Supervisor {
  readonly #context: SupervisorContext
  readonly #ended = Promise.withResolvers<number>()
  #log: Logger
  #state: SupervisorState = FIRST_STATE
  #runner: RunnerProcess | undefined
  #admin: StandbyAdmin | undefined
  /** The last leaving in the name of a dead process. */
  #leaving: Promise<void> = Promise.resolve()
  #cancelRestart: Cancel = () => {}

  constructor(context: SupervisorContext) {
    this.#context = context
    this.#log = context.logAt('info')
  }

  /** Resolves to the exit code, when the runner process has ended for good. */
  async run(): Promise<number> {
    this.#enter(this.#state)
    const exitCode = await this.#ended.promise
    await within(this.#context.clock, LAST_LEAVE_MS, this.#leaving)
    await this.#admin?.close()
    return exitCode
  }

  /** The first call drains, the second one kills. */
  interrupt(): void {
    this.#dispatch({ kind: 'interrupted' })
  }

  #dispatch(event: SupervisorEvent): void {
    const next = nextState(this.#state, event, this.#context.clock.monotonicMs())
    if (next === this.#state) return
    this.#state = next
    this.#enter(next)
  }

  #enter(state: SupervisorState): void {
    switch (state.kind) {
      case 'starting':
        this.#runner = this.#start()
        return
      case 'running':
        return
      case 'waiting':
        this.#cancelRestart = this.#context.clock.after(state.delayMs, () => this.#dispatch({ kind: 'due' }))
        return
      case 'draining':
        this.#runner?.drain()
        return
      case 'forcing':
        this.#runner?.kill()
        return
      case 'ended':
        this.#cancelRestart()
        this.#ended.resolve(state.exitCode) // S3
    }
  }

  #start(): RunnerProcess {
    const runner: RunnerProcess = new RunnerProcess(this.#context.process, {
      onSettled: (settings) => this.#settle(settings),
      onReady: () => this.#dispatch({ kind: 'ready' }),
      onError: (error) => this.#log.error({ err: error }, 'the runner process could not be started or told'),
      onExited: (exit, members) => this.#exited({ pid: runner.pid, ...exit }, members),
    })
    return runner
  }

  #settle(settings: RunnerSettings): void {
    this.#log = this.#context.logAt(settings.logLevel)
    const before = this.#admin
    if (JSON.stringify(before?.settings) === JSON.stringify(settings)) return
    this.#admin = new StandbyAdmin(settings)
    void this.#leaving.then(() => before?.close())
  }

  #exited(ended: EndedProcess, members: readonly GroupMembership[]): void {
    if (members.length > 0) this.#leaving = this.#leaveFor(members) // S1
    const { code, signal } = ended
    this.#dispatch({ kind: 'exited', exit: { code, signal }, hasLeft: members.length === 0 })
    if (this.#state.kind !== 'waiting') return
    const { crashes, delayMs } = this.#state
    const how = signal === null ? { exitCode: code } : { signal }
    const fields = { pid: ended.pid, ...how, members: members.length, crashes, delayMs }
    this.#log.warn(fields, `the runner process crashed; restarting it in ${delayMs} ms`)
  }

  async #leaveFor(members: readonly GroupMembership[]): Promise<void> {
    const { clock } = this.#context
    const admin = this.#admin
    if (admin === undefined) return
    const startedMs = clock.monotonicMs()
    const { left, failed, error } = await leaveFor(members, () => admin.get())
    const elapsedMs = Math.round(clock.monotonicMs() - startedMs)
    if (left > 0) this.#log.info({ left, elapsedMs }, 'left groups in the name of the dead runner process')
    if (failed.length === 0) return
    this.#log.error({ groups: failed, err: error }, 'could not leave groups for it; others wait for its session')
  }
}
