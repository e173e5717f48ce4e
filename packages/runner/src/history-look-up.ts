import type { Clock, Logger } from '@towline/contracts'
import type { FreshAssignment, TopicPartition } from '@towline/kafka'
import type { HistoryVerdict, PartitionHistory } from './partition-history.ts'

const RETRY_MS = 1_000

export interface HistoryLookUpContext {
  readonly groupId: string
  readonly history: PartitionHistory
  readonly clock: Clock
  readonly log: Logger
  /** It was neither lost nor assigned anew. */
  isHeld(assignment: FreshAssignment): boolean
  onVerdict(tp: TopicPartition, verdict: HistoryVerdict): void
}

/** Finds out what a group finished in partitions that wait for it, however often that fails, as long as they are held. */
export class HistoryLookUp {
  readonly #context: HistoryLookUpContext

  constructor(context: HistoryLookUpContext) {
    this.#context = context
  }

  start(assignments: readonly FreshAssignment[]): void {
    if (assignments.length > 0) void this.#judge(assignments)
  }

  async #judge(assignments: readonly FreshAssignment[]): Promise<void> {
    const { groupId, history, clock, log, isHeld, onVerdict } = this.#context
    try {
      const verdicts = await history.judge(groupId, assignments)
      for (const [at, assignment] of assignments.entries()) {
        if (isHeld(assignment)) onVerdict(assignment.tp, verdicts[at] ?? 'begin')
      }
    } catch (error) {
      log.warn({ err: error, groupId }, 'cannot look up what the group finished; trying again')
      clock.after(RETRY_MS, () => this.start(assignments.filter(isHeld)))
    }
  }
}
