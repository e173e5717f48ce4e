/** An offset that was read and has not finished, with what is known of its runs. */
export interface UnfinishedOffset {
  readonly offset: number
  /** Attempts spent in place on this record; a note keeps at most {@link MAX_NOTED_ATTEMPTS}. */
  readonly attempts: number
  /** Deaths of a runner charged to it; a note keeps at most {@link MAX_NOTED_DELIVERIES}. */
  readonly deliveries: number
  /** An attempt of it was running. */
  readonly started: boolean
}

/** 4 bits, saturating. */
export const MAX_NOTED_ATTEMPTS = 15
/** 3 bits, saturating. */
export const MAX_NOTED_DELIVERIES = 7

/** One byte: attempts in bits 4–7, deliveries in bits 1–3, started in bit 0. 0 = nothing to tell beyond the offset. */
export function stateByte({ attempts, deliveries, started }: Omit<UnfinishedOffset, 'offset'>): number {
  return (
    (Math.min(attempts, MAX_NOTED_ATTEMPTS) << 4) |
    (Math.min(deliveries, MAX_NOTED_DELIVERIES) << 1) |
    (started ? 1 : 0)
  )
}

export function unfinishedOf(offset: number, state: number): UnfinishedOffset {
  return { offset, attempts: state >>> 4, deliveries: (state >>> 1) & 7, started: (state & 1) === 1 }
}
