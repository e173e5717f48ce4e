/** How strictly a new version of a schema is held to the earlier ones. The three levels Towline uses of Confluent's seven. */
export const COMPATIBILITY_LEVELS = ['NONE', 'BACKWARD', 'FULL_TRANSITIVE'] as const

/**
 * - `NONE`: anything goes.
 * - `BACKWARD`: the new version reads what the latest one wrote.
 * - `FULL_TRANSITIVE`: the new version reads what every earlier one wrote, and every earlier one reads what the new one writes.
 */
export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number]

/**
 * Why a reader's schema cannot take a writer's value.
 * - `type-changed`: two types with no promotion between them.
 * - `name-changed`: a record, enum or fixed under another full name, without an alias.
 * - `field-without-default`: the reader has a field that the writer does not write, and no default for it.
 * - `field-alias-ambiguous`: name and aliases of the reader's field match more than one of the writer's.
 * - `enum-symbol-missing`: the writer has symbols that the reader lacks, and the reader's enum has no default.
 * - `fixed-size-changed`: the sizes differ.
 * - `union-branch-missing`: no branch of the reader's union takes the writer's type.
 */
export type IncompatibilityKind =
  | 'type-changed'
  | 'name-changed'
  | 'field-without-default'
  | 'field-alias-ambiguous'
  | 'enum-symbol-missing'
  | 'fixed-size-changed'
  | 'union-branch-missing'

/** One place where a reader's schema cannot take a writer's value. */
export interface Mismatch {
  readonly kind: IncompatibilityKind
  /** Where, in the reader's words: `TaskResult.failure.code`; `[]` is an array's item, `{}` a map's value. */
  readonly path: string
  /** What does not fit, naming both sides. */
  readonly message: string
  /** What the author of the candidate can do about it. */
  readonly wayOut: string
}

/** A mismatch between a candidate and one earlier version. */
export interface Incompatibility extends Mismatch {
  /** The earlier version's number. */
  readonly version: number
  /** Which of the two cannot read the other. */
  readonly reader: 'candidate' | 'earlier'
}
