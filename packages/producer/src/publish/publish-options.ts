import type { HeaderMap } from '@towline/contracts'

/** What a publish may say about a task beside its input. */
export interface PublishOptions {
  /** Tasks of one key run one after another, in the order they were published. Default: none, the task runs when it can. */
  readonly key?: string | Buffer
  /** Publishing again with the same key, within an hour, gives the same task. At most 256 bytes. */
  readonly idempotencyKey?: string
  /** The task must start before then, else it ends expired: a duration from now such as `'1h'`, or a moment. */
  readonly deadline?: string | Date
  /** For whom the task is. At most 256 bytes; part of what an idempotency key identifies. */
  readonly tenant?: string
  /** Headers of your own; they travel with the task. Names beginning with `towline-`, `ce_id` and `traceparent` are taken. */
  readonly headers?: HeaderMap
  /** A UUID of your own instead of a new one: 36 characters of lower case. Not together with `idempotencyKey`. */
  readonly taskId?: string
  /** Once aborted the task is not sent any more; one that is on its way still arrives. */
  readonly signal?: AbortSignal
}

/** One task of many. */
export interface PublishItem<I> extends PublishOptions {
  readonly input: I
}
