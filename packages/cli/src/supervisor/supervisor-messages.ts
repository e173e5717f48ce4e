import type { ResolvedConfig } from '@towline/fleet'
import type { GroupMembership } from '@towline/runner'

/** What it takes to reach the cluster of a runner, and how much to say: the supervisor loads no configuration itself. */
export type RunnerSettings = Pick<ResolvedConfig, 'brokers' | 'clientId' | 'ssl' | 'sasl' | 'logLevel'>

/** What a runner process tells its supervisor. */
export type RunnerMessage =
  | { readonly kind: 'settled'; readonly settings: RunnerSettings }
  | ({ readonly kind: 'joining' } & GroupMembership)
  | ({ readonly kind: 'left' } & GroupMembership)
  /** It has joined its groups. */
  | { readonly kind: 'ready' }

/** What a supervisor tells its runner process. */
export interface SupervisorMessage {
  readonly kind: 'drain'
}
