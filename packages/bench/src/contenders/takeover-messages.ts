/** What a runner that is to be killed, or to take over, tells while it runs. */
export type TakeoverTold =
  | { readonly kind: 'holds'; readonly partitions: readonly number[] }
  /** On the clock all processes of the machine share. */
  | { readonly kind: 'started'; readonly taskId: string; readonly atMs: number }

export const SESSION_TIMEOUT_MS = 6_000
export const HEARTBEAT_INTERVAL_MS = 500
