import { varintBytes } from './varint.ts'

/** Kafka's default `offset.metadata.max.bytes`. */
export const NOTE_MAX_CHARACTERS = 4_096
/** Bytes of a note in front of its body. */
export const NOTE_HEAD_BYTES = 22
/** Bytes that fit behind the head: 4,096 characters of base64url are 3,072 bytes. */
export const NOTE_BODY_MAX_BYTES: number = (NOTE_MAX_CHARACTERS / 4) * 3 - NOTE_HEAD_BYTES

/** What a ledger knows of a note before it is made. */
export interface NoteSize {
  /** Offsets from the base to the last one the note speaks of: the highest finished, or the last with a state. */
  readonly span: number
  /** Offsets it would list: unfinished and below the highest finished, or with a state. */
  readonly entries: number
  /** Of those, the ones whose state is not 0. */
  readonly marked: number
}

/**
 * A bound, in O(1), on the bytes of the body of any note of that size: never below the real size, wherever the entries
 * stand in the span and whichever are marked. The note fits while it is at most {@link NOTE_BODY_MAX_BYTES}: that is,
 * for at least 762 entries over any span below 12 million offsets, and 760 below 18 million.
 */
export function noteUpperBoundBytes({ span, entries, marked }: NoteSize): number {
  const list = entriesBound(span, entries)
  const bitset = Math.ceil(span / 8) + entriesBound(span, marked)
  return varintBytes(span) + Math.min(list, bitset)
}

/**
 * The most bytes `count` pairs of (varint gap, u8 state) take over `span` offsets. Their gaps sum to at most
 * span − count. A gap pays 128 for its second byte, 16,384 − 128 more for its third, and so on: each further byte is
 * dearer, so the most bytes come from giving every pair its second before any its third.
 */
function entriesBound(span: number, count: number): number {
  let bytes = 2 * count
  let left = span - count
  let paid = 0
  let longer = count
  for (let needed = 128; longer > 0 && needed <= left + paid; needed *= 128) {
    longer = Math.min(longer, Math.floor(left / (needed - paid)))
    bytes += longer
    left -= longer * (needed - paid)
    paid = needed
  }
  return bytes
}
