import { TowlineError } from '@towline/contracts'
import type { AdminPort } from '@towline/kafka'
import { expect, test } from 'vitest'
import { refuseExpired } from '../src/refuse-expired.ts'
import { TP } from './partition-bench.ts'

const expired = new TowlineError('TOWLINE_OFFSETS_EXPIRED', 'expired')

/** A group that has committed nothing until its markers are read, and `then` from there on. */
function groupOf(then: number | null) {
  let next: number | null = null
  const admin = {
    offsets: async () => [{ partition: TP.partition, low: 0, high: 10 }],
    committed: async () => [{ tp: TP, next, metadata: '' }],
  } as unknown as AdminPort
  const judge = async () => {
    next = then
    return [expired]
  }
  return { admin, history: { judge } }
}

test('a start is refused where a marker says that what was committed is gone', async () => {
  await expect(refuseExpired(TP.topic, groupOf(null))).rejects.toBe(expired)
})

test('it is not where another runner has just begun the partition: its first commit came before the marker', async () => {
  await expect(refuseExpired(TP.topic, groupOf(5))).resolves.toBeUndefined()
})
