import { expect, test } from 'vitest'
import { Admission } from '../src/admission.ts'

test('turns full at the limit and has room again only at half of it', () => {
  const turns: boolean[] = []
  const admission = new Admission({ concurrency: 1, maxInFlight: 4, maxInFlightBytes: 1_000 }, (isFull) =>
    turns.push(isFull),
  )
  for (let task = 0; task < 4; task += 1) admission.admit(1)
  expect(turns).toEqual([true])
  admission.leave(1)
  expect(admission.isFull).toBe(true)
  admission.leave(1)
  expect(turns).toEqual([true, false])
})

test('turns full by bytes as well', () => {
  const admission = new Admission({ concurrency: 1, maxInFlight: 100, maxInFlightBytes: 1_000 }, () => {})
  admission.admit(1_000)
  expect(admission.isFull).toBe(true)
  admission.leave(1_000)
  expect(admission.isFull).toBe(false)
})

test('gives replayed tasks a quarter of the permits, and at least one', () => {
  const admission = new Admission({ concurrency: 8, maxInFlight: 100, maxInFlightBytes: 1_000 }, () => {})
  admission.takePermit('replay')
  expect(admission.canStart('replay')).toBe(true)
  admission.takePermit('replay')
  expect(admission.canStart('replay')).toBe(false)
  expect(admission.canStart('live')).toBe(true)
  const small = new Admission({ concurrency: 1, maxInFlight: 100, maxInFlightBytes: 1_000 }, () => {})
  expect(small.canStart('replay')).toBe(true)
})

test('starts no more than its concurrency', () => {
  const admission = new Admission({ concurrency: 2, maxInFlight: 100, maxInFlightBytes: 1_000 }, () => {})
  admission.takePermit('live')
  admission.takePermit('live')
  expect(admission.canStart('live')).toBe(false)
  admission.returnPermit('live')
  expect(admission.canStart('live')).toBe(true)
})
