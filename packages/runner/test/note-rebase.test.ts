import { decodeCommitNote, encodeCommitNote } from '@towline/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rebased, saysFinished } from '../src/note-rebase.ts'
import { OffsetLedger } from '../src/offset-ledger.ts'
import { noteText, taskRecord } from './partition-bench.ts'

const OFFSETS = 200

/** A note of a partition in which some offsets finished and some started, in any order, and where its log begins now. */
const shortened = fc
  .record({
    base: fc.nat(20),
    finished: fc.uniqueArray(fc.nat(OFFSETS - 1)),
    started: fc.uniqueArray(fc.nat(OFFSETS - 1)),
    firstLeft: fc.integer({ min: 1, max: OFFSETS + 20 }),
  })
  .map(({ base, finished, started, firstLeft }) => {
    const ledger = new OffsetLedger(base, null)
    for (let at = 0; at < OFFSETS; at += 1) ledger.admit(base + at)
    ledger.advance(base + OFFSETS)
    for (const at of started) ledger.start(base + at)
    for (const at of finished) ledger.finish(base + at)
    const state = ledger.state()
    const note = decodeCommitNote(noteText(taskRecord(state.base), state))
    if (note === null) throw new Error('no note')
    return { note, first: taskRecord(state.base + firstLeft) }
  })

test('a rebased note calls finished what the note did, between the first record left and one known to be of its log', () => {
  fc.assert(
    fc.property(shortened, fc.nat(OFFSETS), ({ note, first }, more) => {
      const lastKnown = Math.min(first.offset + more, note.end - 1)
      fc.pre(lastKnown >= first.offset)
      const later = decodeCommitNote(encodeCommitNote(rebased(note, first, lastKnown)))
      if (later === null) throw new Error('no note')
      expect(later).toMatchObject({ base: first.offset, owner: note.owner, hashIsBelowBase: false })
      for (let offset = 0; offset < first.offset + 2 * OFFSETS; offset += 1) {
        expect(saysFinished(later, offset)).toBe(
          offset >= first.offset && offset <= lastKnown && saysFinished(note, offset),
        )
      }
      expect(later.unfinished).toEqual(
        note.unfinished.filter(({ offset }) => offset >= first.offset && offset <= lastKnown),
      )
    }),
  )
})
