// The commit note: what rides in the metadata of a committed offset, so that out-of-order completions survive a crash.
//
//   N1. A note never says "finished" of an offset that is not: every unfinished offset below `end` is listed.
//   N2. Foreign, old or corrupt text is no note. Decoding never throws; on doubt the caller re-runs from the base.
//   N3. An encoded note is at most 4,096 characters (Kafka's offset.metadata.max.bytes default).
//
// Layout, base64url without padding, integers big-endian: a head of 22 bytes
//   u8 version (1) · u8 flags (1 clean, 2 bitset, 4 hash-is-below-base) · u32 owner · i64 base · u32 record hash ·
//   u32 CRC-32C of all other bytes
// then the body of note/note-body.ts.

import { crc32c } from './crc32c.ts'
import { decodeBody, encodeBody } from './note/note-body.ts'
import { NOTE_BODY_MAX_BYTES, NOTE_HEAD_BYTES, NOTE_MAX_CHARACTERS } from './note/note-size.ts'
import type { UnfinishedOffset } from './note/unfinished-offset.ts'
import { TowlineError } from './towline-error.ts'

export interface CommitNote {
  /** The owner promised that nothing of this partition runs any more. */
  readonly clean: boolean
  /** {@link ownerOf} the owner's member id. */
  readonly owner: number
  /** Equals the committed offset the note belongs to. */
  readonly base: number
  /** The offset after the highest finished one; equals `base` when nothing above it finished. */
  readonly end: number
  /** {@link recordHash} of the record at `base` or, when `hashIsBelowBase`, of the last finished one. */
  readonly hash: number
  readonly hashIsBelowBase: boolean
  /** Ascending. Offsets in [base, end) that are not here are finished; those at or above `end` carry a state. */
  readonly unfinished: readonly UnfinishedOffset[]
}

const VERSION = 1
const CRC_AT = 18
const CLEAN = 1
const BITSET = 2
const HASH_IS_BELOW_BASE = 4
const ALL_FLAGS = CLEAN | BITSET | HASH_IS_BELOW_BASE

/**
 * The text of a note. What it does not fit into, the ledger never starts.
 *
 * @throws TowlineError TOWLINE_INTERNAL when it does not fit (N3), or when its offsets do not ascend from the base: such
 *   a note would call unfinished work finished (N1).
 */
export function encodeCommitNote(note: CommitNote): string {
  checkOffsets(note)
  const body = encodeBody(note)
  if (body.bytes.length > NOTE_BODY_MAX_BYTES) {
    throw impossible('the body of a commit note exceeds its bytes', body.bytes.length, NOTE_BODY_MAX_BYTES)
  }
  const bytes = Buffer.alloc(NOTE_HEAD_BYTES + body.bytes.length)
  bytes[0] = VERSION
  bytes[1] = (note.clean ? CLEAN : 0) | (body.isBitset ? BITSET : 0) | (note.hashIsBelowBase ? HASH_IS_BELOW_BASE : 0)
  bytes.writeUInt32BE(note.owner, 2)
  bytes.writeBigInt64BE(BigInt(note.base), 6)
  bytes.writeUInt32BE(note.hash, 14)
  bytes.set(body.bytes, NOTE_HEAD_BYTES)
  bytes.writeUInt32BE(checksum(bytes), CRC_AT)
  return bytes.toString('base64url')
}

/** Decodes commit metadata, or null when it is not a note of this version with a matching checksum (N2). */
export function decodeCommitNote(text: string): CommitNote | null {
  if (text.length > NOTE_MAX_CHARACTERS) return null
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length <= NOTE_HEAD_BYTES || bytes[0] !== VERSION) return null
  const flags = bytes[1] as number
  if ((flags & ~ALL_FLAGS) !== 0 || bytes.readUInt32BE(CRC_AT) !== checksum(bytes)) return null
  // N2: Buffer.from passes over what is not base64url and over the bits left of the last character; a note has neither.
  if (bytes.toString('base64url') !== text) return null
  const base = Number(bytes.readBigInt64BE(6))
  if (!Number.isSafeInteger(base) || base < 0) return null
  const body = decodeBody(bytes.subarray(NOTE_HEAD_BYTES), base, (flags & BITSET) !== 0)
  if (body === null) return null
  return {
    clean: (flags & CLEAN) !== 0,
    owner: bytes.readUInt32BE(2),
    base,
    end: body.end,
    hash: bytes.readUInt32BE(14),
    hashIsBelowBase: (flags & HASH_IS_BELOW_BASE) !== 0,
    unfinished: body.unfinished,
  }
}

/** What a note says of its writer: CRC-32C of its member id. */
export function ownerOf(memberId: string): number {
  return crc32c(Buffer.from(memberId, 'utf8'))
}

/**
 * What a note says of a record, so that a topic made again under the same name voids it: CRC-32C of the lengths of
 * key and value as u32 big-endian, the key, the value. Null is the same as empty.
 */
export function recordHash(key: Buffer | null, value: Buffer | null): number {
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32BE(key?.length ?? 0, 0)
  lengths.writeUInt32BE(value?.length ?? 0, 4)
  return crc32c(lengths, key ?? EMPTY, value ?? EMPTY)
}

const EMPTY = new Uint8Array(0)

function checksum(bytes: Buffer): number {
  return crc32c(bytes.subarray(0, CRC_AT), bytes.subarray(NOTE_HEAD_BYTES))
}

function checkOffsets({ base, end, unfinished }: CommitNote): void {
  if (!Number.isSafeInteger(base) || base < 0) throw impossible('the base of a commit note is no offset', base, 0)
  if (!Number.isSafeInteger(end) || end < base) throw impossible('a commit note must not end below its base', end, base)
  let lowest = base
  for (const { offset } of unfinished) {
    if (!Number.isSafeInteger(offset) || offset < lowest) {
      throw impossible('the offsets of a commit note must ascend from its base', offset, lowest)
    }
    lowest = offset + 1
  }
}

function impossible(message: string, value: number, bound: number): TowlineError {
  return new TowlineError('TOWLINE_INTERNAL', `${message}: got ${value}, bound ${bound}`, {
    value,
    bound,
    wayOut: 'This is a defect of Towline: please report it with this message',
  })
}
