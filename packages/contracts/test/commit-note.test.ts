import {
  type CommitNote,
  decodeCommitNote,
  encodeCommitNote,
  NOTE_MAX_CHARACTERS,
  ownerOf,
  recordHash,
  type UnfinishedOffset,
} from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { towlineErrorOf } from './error-matching.ts'
import { noteHeads, notes } from './note-arbitraries.ts'
import { readVectors } from './vectors/read-vectors.ts'

interface NoteVectors {
  readonly notes: readonly { readonly name: string; readonly text: string; readonly note: CommitNote }[]
  readonly notNotes: readonly { readonly name: string; readonly text: string }[]
  readonly ownerOf: readonly { readonly memberId: string; readonly owner: number }[]
  readonly recordHash: readonly { readonly key: string | null; readonly value: string | null; readonly hash: number }[]
}

// Computed in Python from the layout in docs/wire.md.
const vectors = readVectors<NoteVectors>('notes')

function saturated(entry: UnfinishedOffset): UnfinishedOffset {
  return { ...entry, attempts: Math.min(entry.attempts, 15), deliveries: Math.min(entry.deliveries, 7) }
}

describe('a commit note', () => {
  test.each(vectors.notes)('is written and read: $name', ({ text, note }) => {
    expect(encodeCommitNote(note)).toBe(text)
    expect(decodeCommitNote(text)).toEqual(note)
  })

  test.each(vectors.notNotes)('is not read from $name', ({ text }) => {
    expect(decodeCommitNote(text)).toBeNull()
  })

  test('is read back as it was written, whatever it says', () => {
    fc.assert(
      fc.property(notes, (note) => {
        expect(decodeCommitNote(encodeCommitNote(note))).toEqual({
          ...note,
          unfinished: note.unfinished.map(saturated),
        })
      }),
      { numRuns: 1_000 },
    )
  })

  test("never exceeds Kafka's 4,096 characters: what does not fit is refused", () => {
    const many = fc.integer({ min: 700, max: 3_000 })
    const dense = fc.integer({ min: 1, max: 40_000 })
    fc.assert(
      fc.property(noteHeads, many, dense, ({ base, ...head }, count, gap) => {
        const unfinished = Array.from({ length: count }, (_, i) => ({
          offset: base + i * gap,
          attempts: 1,
          deliveries: 0,
          started: true,
        }))
        const note = { ...head, base, end: base + count * gap, unfinished }
        try {
          expect(encodeCommitNote(note).length).toBeLessThanOrEqual(NOTE_MAX_CHARACTERS)
        } catch (thrown) {
          expect(towlineErrorOf(() => encodeCommitNote(note), 'TOWLINE_INTERNAL').bound).toBe(3_050)
          expect(thrown).toBeInstanceOf(Error)
        }
      }),
    )
  })

  const at = (offset: number) => ({ offset, attempts: 0, deliveries: 0, started: false })
  const head = { clean: false, owner: 1, hash: 2, hashIsBelowBase: false }
  test.each<readonly [string, Partial<CommitNote>]>([
    ['an offset below its base', { unfinished: [at(9)] }],
    ['offsets out of order', { unfinished: [at(12), at(11)] }],
    ['an offset twice', { unfinished: [at(12), at(12)] }],
    ['an offset that is no whole number', { unfinished: [at(11.5)] }],
    ['an end below its base', { end: 9 }],
    ['a negative base', { base: -1 }],
    ['a base beyond 2^53 − 1', { base: 2 ** 53, end: 2 ** 53 }],
  ])('is never written with %s: it would call unfinished work finished', (_name, wrong) => {
    towlineErrorOf(() => encodeCommitNote({ ...head, base: 10, end: 20, unfinished: [], ...wrong }), 'TOWLINE_INTERNAL')
  })
})

describe('what a note says of its writer and its record', () => {
  test.each(vectors.ownerOf)('the owner of $memberId', ({ memberId, owner }) => {
    expect(ownerOf(memberId)).toBe(owner)
  })

  test.each(vectors.recordHash)('the hash of key $key and value $value', ({ key, value, hash }) => {
    const bytes = (text: string | null) => (text === null ? null : Buffer.from(text))
    expect(recordHash(bytes(key), bytes(value))).toBe(hash)
  })

  test('null is the same as empty, and a byte moved from value to key is another record', () => {
    expect(recordHash(null, null)).toBe(recordHash(Buffer.alloc(0), Buffer.alloc(0)))
    expect(recordHash(Buffer.from('ab'), Buffer.from('c'))).not.toBe(recordHash(Buffer.from('a'), Buffer.from('bc')))
  })
})
