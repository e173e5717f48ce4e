import process from 'node:process'
import type { ResolvedConfig } from '@towline/fleet'
import type { RunnerEvents } from '@towline/runner'
import type { RunnerMessage, SupervisorMessage } from './supervisor-messages.ts'

/** The runner's end of the channel to its supervisor. */
export class SupervisorLink {
  /** `drain` is called when the supervisor says so; `onLost` when it is gone: a runner is nobody's orphan. */
  constructor(drain: () => void, onLost: () => void) {
    process.on('message', ({ kind }: SupervisorMessage) => {
      if (kind === 'drain') drain()
    })
    process.once('disconnect', onLost)
    if (!process.connected) onLost()
  }

  /** Tells where the runner's groups are, and from then on which of them count it. */
  follow(events: RunnerEvents, { brokers, clientId, ssl, sasl, logLevel }: ResolvedConfig): void {
    this.#tell({ kind: 'settled', settings: { brokers, clientId, ssl, sasl, logLevel } })
    events.on('member:joining', (membership) => this.#tell({ kind: 'joining', ...membership }))
    events.on('member:left', (membership) => this.#tell({ kind: 'left', ...membership }))
    events.on('runner:state', ({ to }) => {
      if (to === 'running') this.#tell({ kind: 'ready' })
    })
  }

  #tell(message: RunnerMessage): void {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
  }
}
