// Which of several runs of one replay goes on, and how the others learn of it.
//
//   C1. The run that claimed last has the replay. Its claim stands in a group of its own beside the checkpoint's, where no
//       checkpoint of another run can write over it.
//   C2. A look goes before every save: a replay that was aborted, or that another run has claimed, is not saved.
//   C3. A run that takes over reads the checkpoint after its claim. Of the run before it at most one save, which was on
//       its way, comes later; the next save mends what that one wrote.
//   C4. An abort claims too, for nobody: a save that was on its way then does not bring the replay back.

import { type Clock, newTaskId, TowlineError } from '@towline/contracts'
import type { CommitEntry } from '@towline/kafka'
import type { ReplayState } from './checkpoint.ts'
import { heldOffsets, saveCheckpoint } from './checkpoint-store.ts'
import { claimGroupId, claimNote, saysAborted } from './claim-note.ts'
import type { ReplayPlan } from './replay-plan.ts'
import type { CheckpointAdmin } from './replay-ports.ts'
import type { PartitionProgress } from './sent-ledger.ts'

/** `gone`: somebody aborted the replay. `taken`: another run has claimed it. */
export type Standing = 'own' | 'gone' | 'taken'

export interface ClaimPorts {
  readonly admin: Pick<CheckpointAdmin, 'committed' | 'commitNote'>
  readonly clock: Pick<Clock, 'nowMs'>
}

/** Kafka lets each partition of a group expire by itself, by default 7 days after its last commit. */
const REFRESH_AFTER_MS = 86_400_000

/** The hold of one run on a replay. */
export class RunClaim {
  readonly #ports: ClaimPorts
  readonly #plan: ReplayPlan
  readonly #note: CommitEntry
  #held: ReadonlyMap<number, number> = new Map()
  #wholeAtMs: number

  private constructor(ports: ClaimPorts, plan: ReplayPlan, note: CommitEntry) {
    this.#ports = ports
    this.#plan = plan
    this.#note = note
    this.#wholeAtMs = ports.clock.nowMs()
  }

  /** Takes the replay from whichever run has it. */
  static async take(plan: ReplayPlan, ports: ClaimPorts): Promise<RunClaim> {
    const note = claimNote(plan, { run: newTaskId(ports.clock.nowMs()) })
    await ports.admin.commitNote(claimGroupId(plan), [note])
    return new RunClaim(ports, plan, note)
  }

  async look(): Promise<Standing> {
    const { admin } = this.#ports
    const [[claim], held] = await Promise.all([
      admin.committed(claimGroupId(this.#plan), [this.#note.tp]),
      heldOffsets(admin, this.#plan),
    ])
    this.#held = held
    if (held.size < this.#plan.partitions.length) return 'gone'
    // A claim that is not there any more expired with its group, and nobody has claimed since.
    if (claim === undefined || claim.next === null || claim.metadata === this.#note.metadata) return 'own'
    return saysAborted(claim.metadata) ? 'gone' : 'taken'
  }

  /** Whether a save of this partition would change what the last look found, or keep it from expiring. */
  isNews({ partition, next }: PartitionProgress): boolean {
    return this.#held.get(partition) !== next || this.#ports.clock.nowMs() - this.#wholeAtMs > REFRESH_AFTER_MS
  }

  async save(partitions: readonly PartitionProgress[], state: ReplayState): Promise<void> {
    const updatedAtMs = this.#ports.clock.nowMs()
    await saveCheckpoint(this.#ports.admin, this.#plan, { state, partitions, updatedAtMs })
    if (partitions.length === this.#plan.partitions.length) this.#wholeAtMs = updatedAtMs
  }
}

export function takenOver({ agentType, replayId }: ReplayPlan): TowlineError {
  return new TowlineError('TOWLINE_REPLAY_TAKEN_OVER', `another run has taken replay ${replayId} over`, {
    value: replayId,
    wayOut: `That one goes on from the last checkpoint; see how far it is: \`towline replay status ${agentType} ${replayId}\``,
  })
}
