import { EXIT } from '../exit-codes.ts'
import { HEALTHY_AFTER_MS, isCrash, type ProcessExit, restartDelayMs } from './restart-policy.ts'

/**
 * The life of a supervisor.
 *
 * ```text
 *               ┌────────── due ──────────┐
 *               ▼                         │
 *           starting ─────── crash ──► waiting
 *               │                         ▲ │
 *             ready ──► running ── crash ─┘ └─ interrupt ─► ended
 *               │          │
 *           interrupt  interrupt     (another end of starting or running: ended)
 *               └──► draining ── interrupt ──► forcing
 *                        └── exit ──► ended ◄── exit ──┘
 * ```
 */
export type SupervisorState =
  /** A runner process was started and has not joined its groups yet. */
  | { readonly kind: 'starting'; readonly crashes: number; readonly hasRun: boolean }
  /** It has. `crashes` are those in a row before it. */
  | { readonly kind: 'running'; readonly crashes: number; readonly sinceMs: number }
  /** It crashed, and the next one is started in `delayMs`. */
  | { readonly kind: 'waiting'; readonly crashes: number; readonly hasRun: boolean; readonly delayMs: number }
  /** It was told to drain. */
  | { readonly kind: 'draining' }
  /** It was killed. */
  | { readonly kind: 'forcing' }
  /** No process, and none to come. */
  | { readonly kind: 'ended'; readonly exitCode: number }

export type SupervisorEvent =
  | { readonly kind: 'ready' }
  /** The process is gone; `hasLeft` = no group counts it any more. */
  | { readonly kind: 'exited'; readonly exit: ProcessExit; readonly hasLeft: boolean }
  /** The wait before a restart is over. */
  | { readonly kind: 'due' }
  /** Somebody wants it to end. */
  | { readonly kind: 'interrupted' }

export const FIRST_STATE: SupervisorState = { kind: 'starting', crashes: 0, hasRun: false }

/** The state after an event: the same object where the event changes nothing. Pure; `nowMs` is monotonic. */
export function nextState(state: SupervisorState, event: SupervisorEvent, nowMs: number): SupervisorState {
  switch (event.kind) {
    case 'ready':
      return state.kind === 'starting' ? { kind: 'running', crashes: state.crashes, sinceMs: nowMs } : state
    case 'due':
      return state.kind === 'waiting' ? { kind: 'starting', crashes: state.crashes, hasRun: state.hasRun } : state
    case 'interrupted':
      return afterInterrupt(state)
    case 'exited':
      return afterExit(state, event, nowMs)
  }
}

function afterInterrupt(state: SupervisorState): SupervisorState {
  switch (state.kind) {
    case 'starting':
    case 'running':
      return { kind: 'draining' }
    case 'waiting':
      return { kind: 'ended', exitCode: EXIT.ok }
    case 'draining':
      return { kind: 'forcing' }
    case 'forcing':
    case 'ended':
      return state
  }
}

function afterExit(
  state: SupervisorState,
  { exit, hasLeft }: SupervisorEvent & { readonly kind: 'exited' },
  nowMs: number,
): SupervisorState {
  switch (state.kind) {
    case 'starting':
    case 'running': {
      const wasReady = state.kind === 'running'
      const hasRun = state.kind === 'running' || state.hasRun
      if (!isCrash({ ...exit, wasReady, hasRun, hasLeft })) return { kind: 'ended', exitCode: codeOf(exit) }
      const wasHealthy = state.kind === 'running' && nowMs - state.sinceMs >= HEALTHY_AFTER_MS
      const crashes = wasHealthy ? 1 : state.crashes + 1
      return { kind: 'waiting', crashes, hasRun, delayMs: restartDelayMs(crashes) }
    }
    case 'draining':
      return { kind: 'ended', exitCode: codeOf(exit) }
    case 'forcing':
      return { kind: 'ended', exitCode: EXIT.interrupted }
    case 'waiting':
    case 'ended':
      return state
  }
}

/** These end a process that is not listening for them yet. */
const INTERRUPTS: readonly (NodeJS.Signals | null)[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

function codeOf({ code, signal }: ProcessExit): number {
  return code ?? (INTERRUPTS.includes(signal) ? EXIT.interrupted : EXIT.failure)
}
