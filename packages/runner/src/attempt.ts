import {
  type AgentHost,
  type AttemptOutcome,
  type AttemptRequest,
  type Cancel,
  type Clock,
  failureOf,
  type HostResult,
  TowlineError,
} from '@towline/contracts'
import type { AttemptTimeouts, RunningTimeout, Timed } from './attempt-timeouts.ts'
import { type EncodeOutput, outcomeOf } from './classify.ts'
import { promised } from './promised.ts'
import type { Interruptible } from './running-slots.ts'

export interface AttemptContext {
  readonly host: AgentHost
  readonly clock: Clock
  readonly timeouts: AttemptTimeouts
  readonly abortGraceMs: number
  readonly encodeOutput: EncodeOutput
}

/** Why the signal of an attempt was aborted; its `reason`. */
export class AttemptAborted extends Error {
  override readonly name = 'AttemptAborted'
  readonly because: 'timeout' | 'drain' | 'lost'
  constructor(because: 'timeout' | 'drain' | 'lost') {
    super(ABORT_MESSAGES[because])
    this.because = because
  }
}

const ABORT_MESSAGES = {
  timeout: 'the attempt ran longer than its timeout',
  drain: 'the runner is shutting down and the drain deadline passed',
  lost: 'the partition of this task was assigned to another runner',
} as const

/** Who is told how an attempt goes. None is called while the attempt is being made. */
export interface AttemptListener {
  /** Once: with what the handler did, or at timeout + abort grace, whichever comes first. */
  onOutcome(outcome: AttemptOutcome): void
  /** At most once, after the outcome: its signal is aborted, it had its time, and the handler still runs. */
  onOverdue(): void
  /** Once, after the outcome: the handler has settled, however late. Till then it may still have effects. */
  onSettled(): void
}

/**
 * One execution of a task by its host.
 *
 *   T1. The outcome is told once, and the handler's settling once, after it.
 *   T2. Past its timeout an attempt is timed out, whatever the handler still returns.
 *   T3. A handler that ignores its aborted signal is overdue once the abort grace is over. One whose partition was lost
 *       is so only after its timeout, too: many ignore the signal, and a rebalance must not make a runner give up for
 *       what would have ended in time.
 */
export class Attempt implements Interruptible, Timed {
  readonly #context: AttemptContext
  readonly #listener: AttemptListener
  readonly #attemptNumber: number
  readonly #controller: AbortController
  readonly #timeout: RunningTimeout
  #isOver = false
  #aborted: AttemptAborted['because'] | undefined
  #cancelGrace: Cancel | undefined

  /** @param controller Of the signal in `call`. */
  constructor(call: AttemptRequest, controller: AbortController, context: AttemptContext, listener: AttemptListener) {
    this.#controller = controller
    this.#context = context
    this.#listener = listener
    this.#attemptNumber = call.task.attempt
    this.#timeout = context.timeouts.begin(this)
    promised(() => context.host.run(call)).then(
      (result) => this.#settle(result),
      (thrown: unknown) => this.#settle({ kind: 'threw', thrown }),
    )
  }

  /** `lost` ends it at once: whatever it does no longer counts. `drain` gives it the abort grace. */
  interrupt(by: 'drain' | 'lost'): void {
    this.#abort(by)
    if (by === 'lost') this.#end({ kind: 'interrupted', by })
  }

  /** Its timeout has passed. */
  onTimeout(): void {
    if (this.#aborted === 'lost') this.#giveGrace()
    else this.#abort('timeout')
  }

  #settle(result: HostResult): void {
    this.#cancelGrace?.()
    if (!this.#isOver) this.#end(this.#outcomeOf(result))
    else this.#context.timeouts.end(this.#timeout)
    this.#listener.onSettled()
  }

  #outcomeOf(result: HostResult): AttemptOutcome {
    if (this.#aborted === 'timeout') return this.#timedOut() // T2
    // A drain lets finished work count; what it threw is put down to the interruption.
    if (this.#aborted === 'drain' && result.kind === 'threw') return { kind: 'interrupted', by: 'drain' }
    return outcomeOf(result, this.#moment(), this.#context.encodeOutput)
  }

  #abort(because: AttemptAborted['because']): void {
    if (this.#aborted !== undefined) return
    this.#aborted = because
    if (because !== 'lost') {
      this.#context.timeouts.end(this.#timeout)
      this.#giveGrace()
    }
    this.#controller.abort(new AttemptAborted(because))
  }

  #giveGrace(): void {
    this.#cancelGrace = this.#context.clock.after(this.#context.abortGraceMs, () => {
      this.#end(this.#aborted === 'drain' ? { kind: 'interrupted', by: 'drain' } : this.#timedOut())
      this.#listener.onOverdue() // T3
    })
  }

  #end(outcome: AttemptOutcome): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#aborted !== 'lost') this.#context.timeouts.end(this.#timeout)
    this.#listener.onOutcome(outcome)
  }

  #timedOut(): AttemptOutcome {
    const { timeoutMs } = this.#context.timeouts
    const error = new TowlineError('TOWLINE_ATTEMPT_TIMEOUT', `the attempt ran longer than ${timeoutMs} ms`, {
      bound: timeoutMs,
      wayOut: 'Raise the timeout of the agent, or do less in one task',
    })
    return { kind: 'timed-out', failure: failureOf(error, this.#moment()) }
  }

  #moment(): { readonly atMs: number; readonly attempt: number } {
    return { atMs: this.#context.clock.nowMs(), attempt: this.#attemptNumber }
  }
}
