/** How one run of a replay ended. */
export interface ReplayResult {
  /** `stopped`: by the signal, a resume goes on. `aborted`: somebody aborted the replay meanwhile. */
  readonly end: 'finished' | 'stopped' | 'aborted'
  readonly replayId: string
  /** Records in the target, those of earlier runs included. */
  readonly records: number
  /** Records this run sent. */
  readonly sent: number
  /** Offsets deleted before they were replayed and passed over, in all runs. */
  readonly lost: number
  readonly elapsedMs: number
}
