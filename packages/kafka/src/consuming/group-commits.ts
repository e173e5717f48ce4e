import type { Clock } from '@towline/contracts'
import type { CommitEntry, CommitResult } from '../ports/consumer-port.ts'
import type { Membership } from './membership.ts'

export interface CommitCall {
  readonly member: Membership
  readonly entries: readonly CommitEntry[]
  readonly deadlineMs: number
  /** Whether the member still holds what the entries speak of; asked before every attempt. */
  readonly isCurrent: () => boolean
}

/**
 * What became of one request. `expelled`: the coordinator no longer knows the member. `not-stored`, `unanswered`: worth
 * another attempt, and only the second may have been stored. `refused`: it would be refused again.
 */
export type CommitAttempt = 'stored' | 'fenced' | 'expelled' | 'not-stored' | 'unanswered' | 'refused'

export interface GroupCommitsContext {
  readonly clock: Clock
  /** Sends one request in the name of `member`, whatever the member is by now. Never rejects. */
  send(member: Membership, entries: readonly CommitEntry[]): Promise<CommitAttempt>
}

const RETRY_WAIT_MS = 50

/** Commits of one group in the name of a captured member and generation: no retry may pass for a later one (C4). */
export class GroupCommits {
  readonly #context: GroupCommitsContext

  constructor(context: GroupCommitsContext) {
    this.#context = context
  }

  async commit(call: CommitCall): Promise<CommitResult> {
    const { clock } = this.#context
    const deadline = clock.monotonicMs() + call.deadlineMs
    let mayBeStored = false
    while (call.isCurrent()) {
      const attempt = await this.#attempt(call, deadline - clock.monotonicMs())
      switch (attempt) {
        case 'stored':
          return 'confirmed'
        case 'fenced':
        case 'expelled':
          return mayBeStored ? 'unknown' : 'fenced'
        case 'refused':
        case 'late':
          return 'unknown'
        case 'unanswered':
          mayBeStored = true
          break
        case 'not-stored':
          break
      }
      if (clock.monotonicMs() + RETRY_WAIT_MS >= deadline) return 'unknown'
      await new Promise<void>((resolve) => clock.after(RETRY_WAIT_MS, resolve))
    }
    return mayBeStored ? 'unknown' : 'fenced'
  }

  async #attempt({ member, entries }: CommitCall, withinMs: number): Promise<CommitAttempt | 'late'> {
    const { clock, send } = this.#context
    const late = Promise.withResolvers<'late'>()
    const cancel = clock.after(Math.max(0, withinMs), () => late.resolve('late'))
    try {
      return await Promise.race([send(member, entries), late.promise])
    } finally {
      cancel()
    }
  }
}
