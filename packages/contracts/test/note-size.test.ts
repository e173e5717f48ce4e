import {
  type CommitNote,
  encodeCommitNote,
  NOTE_BODY_MAX_BYTES,
  type NoteSize,
  noteUpperBoundBytes,
} from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isMarked, notes } from './note-arbitraries.ts'

const HEAD_BYTES = 22

function bodyBytes(note: CommitNote): number {
  return Buffer.from(encodeCommitNote(note), 'base64url').length - HEAD_BYTES
}

function sizeOf({ base, end, unfinished }: CommitNote): NoteSize {
  const last = unfinished.at(-1)
  return {
    span: Math.max(end, (last?.offset ?? base - 1) + 1) - base,
    entries: unfinished.length,
    marked: unfinished.filter(isMarked).length,
  }
}

/** The note whose list takes the most bytes: `longGaps` gaps of `gap`, the others 0, every entry with a state. */
function noteOf(entries: number, longGaps: number, gap: number): CommitNote {
  let next = 0
  const unfinished = Array.from({ length: entries }, (_, i) => {
    const offset = next + (i < longGaps ? gap : 0)
    next = offset + 1
    return { offset, attempts: 1, deliveries: 1, started: true }
  })
  return { clean: false, owner: 1, base: 0, end: next, hash: 2, hashIsBelowBase: false, unfinished }
}

describe('noteUpperBoundBytes', () => {
  test('is never below the real size', () => {
    fc.assert(
      fc.property(notes, (note) => {
        expect(bodyBytes(note)).toBeLessThanOrEqual(noteUpperBoundBytes(sizeOf(note)))
      }),
      { numRuns: 2_000 },
    )
  })

  test('is never below the real size where all gaps are the shortest of their length', () => {
    const gaps = fc.constantFrom(0, 127, 128, 16_383, 16_384, 2 ** 21 - 1, 2 ** 21, 2 ** 28)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(500), gaps, (entries, longGaps, gap) => {
        const note = noteOf(entries, longGaps, gap)
        expect(bodyBytes(note)).toBeLessThanOrEqual(noteUpperBoundBytes(sizeOf(note)))
      }),
      { numRuns: 1_000 },
    )
  })

  test('is exact for a list at its worst, so that no room is given away', () => {
    const note = noteOf(100, 100, 16_384)
    expect(noteUpperBoundBytes(sizeOf(note))).toBe(bodyBytes(note))
  })

  test('never shrinks when a task is admitted, finishes ahead or gets a state', () => {
    const sizes = fc
      .integer({ min: 1, max: 5_000_000 })
      .chain((span) =>
        fc
          .integer({ min: 0, max: Math.min(span, 3_000) })
          .chain((entries) =>
            fc.record({ span: fc.constant(span), entries: fc.constant(entries), marked: fc.nat(entries) }),
          ),
      )
    fc.assert(
      fc.property(sizes, fc.nat(1_000_000), (size, more) => {
        const bound = noteUpperBoundBytes(size)
        expect(noteUpperBoundBytes({ ...size, span: size.span + more })).toBeGreaterThanOrEqual(bound)
        if (size.entries < size.span)
          expect(noteUpperBoundBytes({ ...size, entries: size.entries + 1 })).toBeGreaterThanOrEqual(bound)
        if (size.marked < size.entries)
          expect(noteUpperBoundBytes({ ...size, marked: size.marked + 1 })).toBeGreaterThanOrEqual(bound)
      }),
      { numRuns: 2_000 },
    )
  })

  test('762 tasks always fit, wherever they stand in twelve million offsets', () => {
    fc.assert(
      fc.property(fc.integer({ min: 762, max: 12_000_000 }), (span) => {
        expect(noteUpperBoundBytes({ span, entries: 762, marked: 762 })).toBeLessThanOrEqual(NOTE_BODY_MAX_BYTES)
      }),
      { numRuns: 2_000 },
    )
    expect(noteUpperBoundBytes({ span: 12_000_000, entries: 762, marked: 762 })).toBeLessThanOrEqual(
      NOTE_BODY_MAX_BYTES,
    )
    expect(bodyBytes(noteOf(762, 762, 15_700))).toBeLessThanOrEqual(NOTE_BODY_MAX_BYTES)
  })

  test('20,000 waiting tasks fit, a bit each, with 180 running', () => {
    expect(noteUpperBoundBytes({ span: 20_000, entries: 20_000, marked: 180 })).toBeLessThanOrEqual(NOTE_BODY_MAX_BYTES)
  })
})
