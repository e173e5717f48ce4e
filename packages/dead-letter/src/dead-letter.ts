import type { DeadReason, RecordPosition } from '@towline/contracts'
import type { ErrorKind } from './error-fingerprint.ts'
import type { ReadResolution } from './moved-record.ts'
import type { KnownEnd } from './task-end.ts'

/**
 * What a dead letter is today.
 *
 * - `open`: its (id, life) ended dead-lettered and nothing resolved it. Only these are redriven and purged.
 * - `pending`: written, but its (id, life) has no end yet; its runner is about to write one, or died and will be replaced.
 * - `void`: its (id, life) had ended otherwise before; the letter is a stray of a runner that had lost its partition.
 * - `resolved`: redriven or purged.
 */
export const DEAD_LETTER_STATES = ['open', 'pending', 'void', 'resolved'] as const
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number]

/** One dead letter: one (task id, life), however many records say it. It holds no payload. */
export interface DeadLetter {
  readonly taskId: string
  readonly life: number
  readonly state: DeadLetterState
  /**
   * The first end of this (task id, life), or null when there is none. `not-retained`: its results partition no longer
   * reaches back to when the letter was written; such a letter counts as open. Undefined where it was not asked: resolved.
   */
  readonly end: KnownEnd | 'not-retained' | null | undefined
  readonly reason: DeadReason | 'unknown'
  /** Attempts made in this life; 0 when it could not be decoded. */
  readonly attempts: number
  /** The failure that ended it; null when the record says none. */
  readonly error: DeadLetterError | null
  readonly firstFailedAtMs: number | null
  /** When the letter was written, epoch milliseconds. */
  readonly deadAtMs: number
  /** The record key as text, cut to 128 bytes; the task id where the task is unkeyed. */
  readonly key: string
  readonly tenant: string | null
  readonly origin: RecordPosition
  /** Where its first record stands in the dead-letter topic. */
  readonly partition: number
  readonly offset: number
  /** Records that say it: more than one after a crash between the letter and the commit. */
  readonly records: number
  readonly resolution: ReadResolution | null
}

/** The last failure as a list shows it. */
export interface DeadLetterError extends ErrorKind {
  /** Cut to 256 bytes. */
  readonly message: string
}

/** Open dead letters of one kind of error; those without an error have the fingerprint `''`. */
export interface DeadLetterGroup extends ErrorKind {
  readonly open: number
  readonly firstAtMs: number
  readonly lastAtMs: number
  /** The latest of them, to look at. */
  readonly example: { readonly taskId: string; readonly life: number }
}

/** What one pass over the dead letters found. Counts are exact and of what the filter matched. */
export interface DeadLetterList {
  /** By the time they were written, oldest first. */
  readonly entries: readonly DeadLetter[]
  readonly open: number
  readonly pending: number
  readonly void: number
  readonly resolved: number
  /** Records of the topic that are neither a dead letter nor a resolution, filter or not. */
  readonly foreign: number
  /** Results of these tasks that could not be decoded; they count as no end. */
  readonly unreadableEnds: number
  /** Of the open ones; the largest first. */
  readonly groups: readonly DeadLetterGroup[]
}
