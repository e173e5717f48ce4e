import { expect, test } from 'vitest'
import { startOf } from '../src/partition-start.ts'
import { noteText, TP, taskRecord } from './partition-bench.ts'

const at = (committed: number | null, metadata = '') =>
  startOf({ tp: TP, committed, metadata, logStart: 10, logEnd: 20 })

test('a partition begins at its committed offset, or at the log start where nothing is committed', () => {
  expect(at(15)).toEqual({ base: 15, lost: null, isOtherLog: false })
  expect(at(20)).toEqual({ base: 20, lost: null, isOtherLog: false })
  expect(at(10)).toEqual({ base: 10, lost: null, isOtherLog: false })
  expect(at(null)).toEqual({ base: 10, lost: null, isOtherLog: false })
})

test('a log that ends before the committed offset is another log', () => {
  expect(at(21)).toEqual({ base: 10, lost: null, isOtherLog: true })
})

test('what was deleted below the log start is lost, less what the note calls finished', () => {
  expect(at(4)).toEqual({ base: 10, lost: { from: 4, to: 10, records: 6 }, isOtherLog: false })
  const unfinished = [4, 7, 12].map((offset) => ({ offset, attempts: 0, deliveries: 0, started: true }))
  const note = noteText(taskRecord(4), { end: 15, unfinished })
  expect(at(4, note).lost).toEqual({ from: 4, to: 10, records: 2 })
  expect(at(4, noteText(taskRecord(4), { end: 8, unfinished: unfinished.slice(0, 2) })).lost?.records).toBe(4)
  expect(at(5, note).lost?.records).toBe(5) // a note of another base says nothing
})
