/** What the bench sends a contender. */
export interface RoundRequest {
  readonly round: number
  readonly job: unknown
}

/** What a contender sends the bench: the end of a round, or something it tells meanwhile. */
export type ContenderMessage =
  | { readonly kind: 'done'; readonly round: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly round: number; readonly reason: string }
  | { readonly kind: 'told'; readonly what: unknown }
