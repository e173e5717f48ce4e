import { VirtualClock } from '@towline/kafka/memory'
import { expect, test } from 'vitest'
import { PinnedMarker } from '../src/pinned-marker.ts'
import { taskRecord } from './partition-bench.ts'

const TEN_MINUTES_MS = 600_000

function pinned(isOut: () => boolean = () => false) {
  const clock = new VirtualClock()
  const written: number[] = []
  const marker = new PinnedMarker(clock, async ({ offset }) => {
    written.push(offset)
    if (isOut()) throw new Error('no broker answers')
  })
  const confirm = (base: number, finished: number) => marker.commitConfirmed(base, taskRecord(finished))
  return { clock, written, marker, confirm }
}

test('the highest record that finished is marked ten minutes after the first commit of a pinned partition said so', async () => {
  const { clock, written, confirm } = pinned()
  confirm(3, 7)
  await clock.advance(TEN_MINUTES_MS - 1)
  confirm(3, 9)
  expect(written).toEqual([])
  await clock.advance(1)
  expect(written).toEqual([9])
  confirm(3, 9)
  expect(clock.pending).toBe(0)
  confirm(3, 12)
  await clock.advance(TEN_MINUTES_MS)
  expect(written).toEqual([9, 12])
})

test('K1: a partition whose committed offset moves is not marked again, nor one with nothing finished above it', async () => {
  const { clock, written, marker, confirm } = pinned()
  confirm(3, 7)
  confirm(4, 8)
  await clock.advance(TEN_MINUTES_MS)
  confirm(8, 7)
  await clock.advance(TEN_MINUTES_MS)
  marker.commitConfirmed(8, undefined)
  expect(written).toEqual([])
  expect(clock.pending).toBe(0)
})

test('a partition that is pinned while the ten minutes run is marked ten minutes later, with no commit to come', async () => {
  const { clock, written, confirm } = pinned()
  confirm(3, 7)
  confirm(200, 5_000)
  await clock.advance(2 * TEN_MINUTES_MS)
  expect(written).toEqual([5_000])
  expect(clock.pending).toBe(0)
})

test('a marker that could not be written is tried again ten minutes later', async () => {
  let isOut = true
  const { clock, written, confirm } = pinned(() => isOut)
  confirm(3, 7)
  await clock.advance(TEN_MINUTES_MS)
  isOut = false
  await clock.advance(TEN_MINUTES_MS)
  expect(written).toEqual([7, 7])
})

test('nothing is marked, and no timer left, once it is stopped', async () => {
  const { clock, written, marker, confirm } = pinned()
  confirm(3, 7)
  marker.stop()
  confirm(3, 8)
  expect(clock.pending).toBe(0)
  await clock.advance(TEN_MINUTES_MS)
  expect(written).toEqual([])
})
