import { decodeCommitNote, NOTE_MAX_CHARACTERS, recordHash } from '@towline/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { restoredNote, restoredSpan } from '../../src/restore/restored-commit.ts'
import type { Progress } from '../../src/restore/task-ledger.ts'

const BASE = { key: Buffer.from('key'), value: Buffer.from('value') }

/** Records at these offsets, some of them finished. */
function logOf(records: readonly (readonly [offset: number, isFinished: boolean])[]): Progress[] {
  return records.map(([offset, isFinished]) => ({ offset, isFinished, taskId: String(offset), timestampMs: 0 }))
}

test('goes on at the first record that is not finished, and the note lists what is not finished above it', () => {
  const records = logOf([
    [3, true],
    [4, false],
    [5, true],
    [7, false],
    [9, true],
    [10, false],
  ])
  const span = restoredSpan(records, 11)
  expect(span).toEqual({ next: 4, end: 10, unfinished: [4, 7], unfinishedCount: 3, runAgain: 0 })
  expect(decodeCommitNote(restoredNote(span, BASE, 'ana'))).toMatchObject({
    clean: false,
    base: 4,
    end: 10,
    hash: recordHash(BASE.key, BASE.value),
    hashIsBelowBase: false,
    unfinished: [{ offset: 4 }, { offset: 7 }],
  })
})

test('goes on at the end of a log in which all is finished', () => {
  expect(restoredSpan(logOf([[3, true]]), 9)).toMatchObject({ next: 9, unfinishedCount: 0, runAgain: 0 })
  expect(restoredSpan([], 9).next).toBe(9)
})

test('no log makes a note that does not fit, or that calls finished what is not, or runs again what it has room for', () => {
  const logs = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.boolean()), { maxLength: 9_000 }).map((steps) => {
    let next = 0
    return logOf(
      steps.map(([gap, isFinished]) => {
        next += gap
        return [next, isFinished] as const
      }),
    )
  })
  fc.assert(
    fc.property(logs, (records) => {
      const span = restoredSpan(records, (records.at(-1)?.offset ?? 0) + 1)
      const text = restoredNote(span, BASE, 'ana')
      expect(text.length).toBeLessThanOrEqual(NOTE_MAX_CHARACTERS)
      const listed = new Set(span.unfinished)
      const skipped = (offset: number): boolean => offset < span.next || (offset < span.end && !listed.has(offset))
      expect(records.filter(({ offset, isFinished }) => skipped(offset) && !isFinished)).toEqual([])
      const again = records.filter(({ offset, isFinished }) => isFinished && !skipped(offset))
      expect(again).toHaveLength(span.runAgain)
      if (span.unfinishedCount <= 762) expect(span.runAgain).toBe(0)
    }),
    { numRuns: 40 },
  )
})
