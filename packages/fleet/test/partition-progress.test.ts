import { type CommitNote, encodeCommitNote } from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lagOf } from '../src/progress/lag.ts'
import { progressOf, type StoredProgress } from '../src/progress/partition-progress.ts'

const tp = { topic: 'digest.tasks', partition: 0 }

function note(base: number, end: number, unfinished: readonly number[]): string {
  const full: CommitNote = {
    clean: false,
    owner: 7,
    base,
    end,
    hash: 0,
    hashIsBelowBase: true,
    unfinished: unfinished.map((offset) => ({ offset, attempts: 0, deliveries: 0, started: true })),
  }
  return encodeCommitNote(full)
}

function progress(stored: Partial<StoredProgress>) {
  return progressOf(tp, { logStart: 0, logEnd: 100, committed: 40, metadata: '', ...stored })
}

describe('lag', () => {
  test('is the log end minus the committed offset', () => {
    expect(progress({})).toMatchObject({ lag: 60, finishedAhead: 0, effectiveLag: 60 })
  })

  test('counts from the log start where nothing was committed, and where retention passed the committed offset', () => {
    expect(progress({ committed: null, logStart: 30 }).lag).toBe(70)
    expect(progress({ committed: 10, logStart: 30 }).lag).toBe(70)
  })

  test('is never negative: the topic may have been made again', () => {
    expect(progress({ committed: 200 }).lag).toBe(0)
  })

  test('sums over the partitions of a topic', () => {
    const topic = { agent: 'digest', topic: 'digest.tasks', kind: 'tasks' } as const
    const rows = [progress({}), progress({ committed: null })]
    expect(lagOf(topic, rows)).toMatchObject({ lag: 160, effectiveLag: 160, uncommittedPartitions: 1 })
  })
})

describe('effective lag', () => {
  test('leaves out what the note calls finished', () => {
    const metadata = note(40, 50, [40, 43])
    expect(progress({ metadata })).toMatchObject({ lag: 60, finishedAhead: 8, effectiveLag: 52 })
  })

  test('does not trust a note of another committed offset, nor foreign metadata', () => {
    expect(progress({ committed: 41, metadata: note(40, 50, [40]) })).toMatchObject({ note: null, finishedAhead: 0 })
    expect(progress({ metadata: 'somebody else was here' })).toMatchObject({ note: null, effectiveLag: 60 })
  })

  test('counts only what the log still holds', () => {
    const metadata = note(40, 50, [40, 43])
    expect(progress({ metadata, logStart: 45 })).toMatchObject({ lag: 55, finishedAhead: 5 })
    expect(progress({ metadata, logEnd: 46 })).toMatchObject({ lag: 6, finishedAhead: 4 })
  })

  test('for any note: lag is what is finished ahead and what is not, none of them negative', () => {
    const offsets = fc.integer({ min: 0, max: 300 })
    fc.assert(
      fc.property(
        offsets,
        offsets,
        offsets,
        offsets,
        fc.uniqueArray(offsets, { maxLength: 40 }),
        (base, length, low, high, listed) => {
          const unfinished = listed.filter((offset) => offset >= base).sort((a, b) => a - b)
          const logEnd = low + high
          const found = progressOf(tp, {
            logStart: low,
            logEnd,
            committed: base,
            metadata: note(base, base + length, unfinished),
          })
          const next = Math.max(base, low)
          const finished = Array.from({ length: Math.max(0, logEnd - next) }, (_, index) => next + index).filter(
            (offset) => offset < base + length && !unfinished.includes(offset),
          ).length
          expect(found.finishedAhead).toBe(finished)
          expect(found.effectiveLag).toBe(found.lag - finished)
          expect(found.effectiveLag).toBeGreaterThanOrEqual(0)
        },
      ),
    )
  })
})
