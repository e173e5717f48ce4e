/** Offsets `[from, to)` of one partition. */
export interface PartitionRange {
  readonly partition: number
  readonly from: number
  readonly to: number
}

/**
 * What a replay reads and where it writes, decided once: later records, a moved clock or another filter change nothing.
 * The checkpoint of the replay carries it whole.
 */
export interface ReplayPlan {
  /** UUIDv7: its time is the plan's. */
  readonly replayId: string
  readonly namespace: string | undefined
  /** The agent whose topic is read. */
  readonly agentType: string
  readonly source: string
  readonly target: string
  /** Ascending by partition, none empty. With `max` they end where the last of its records stands. */
  readonly partitions: readonly PartitionRange[]
  /** Only records with exactly these key bytes; null = all. */
  readonly key: Buffer | null
  /** The cap that was asked for; null = none. */
  readonly max: number | null
  /** Most records per second; null = as fast as the brokers take them. */
  readonly ratePerSecond: number | null
  readonly createdAtMs: number
  /** Who asked for it. */
  readonly by: string
  readonly reason: string | null
}

/** Names a replay. The agent and namespace say where its source topic, and so its checkpoint, is. */
export interface ReplayRef {
  readonly replayId: string
  readonly agentType: string
  readonly namespace?: string | undefined
}

/** Part of what was asked for is no longer in the log. */
export interface ClippedRange {
  readonly partition: number
  /** First offset the log still holds: where the plan begins. */
  readonly logStart: number
  /** Offsets asked for and deleted; null when asked by time: then nobody can say. */
  readonly lost: number | null
}

/** Offsets `[from, to)` that the log deleted before they were replayed. */
export type ReplayLoss = PartitionRange
