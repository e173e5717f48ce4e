import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { partitionFor } from '@towline/contracts'
import type { KafkaRecord, ReadRequest } from '@towline/kafka'
import { expect, test } from 'vitest'
import { deadLetters } from '../src/dead-letters.ts'
import { DeadLetterWorld, keyedId, names } from './dead-letter-world.ts'

const LETTERS = 100_000
const PER_FETCH = 500
const PAYLOAD_BYTES = 4 * 1024
const MAX_BYTES_PER_ENTRY = 2_500

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function usedBytes(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** A dead-letter topic too large to keep: each fetch is made when it is asked for, its records slices of one buffer. */
async function hugeTopic() {
  const world = new DeadLetterWorld()
  await world.die()
  const letter = world.log.records(names.dlq)[0] as KafkaRecord
  const results = world.end(keyedId('0'), 1, 'dead-lettered')
  let fetches = 0
  const recordAt = (buffer: Buffer, n: number, at: number): KafkaRecord => {
    const start = at * (PAYLOAD_BYTES + 36)
    buffer.write(keyedId(String(n)), start, 'latin1')
    const key = buffer.subarray(start, start + 36)
    const headers = { ...letter.headers, ce_id: key }
    return { ...letter, offset: n, key, value: buffer.subarray(start + 36, start + 36 + PAYLOAD_BYTES), headers }
  }
  async function* read({ tp, from, to }: ReadRequest) {
    if (tp.topic !== names.dlq) return yield* world.log.reader.read({ tp, from, to })
    for (let next = from; next < Number(to); ) {
      fetches += 1
      const buffer = Buffer.allocUnsafeSlow(PER_FETCH * (PAYLOAD_BYTES + 36))
      const records = Array.from({ length: Math.min(PER_FETCH, Number(to) - next) }, (_, at) =>
        recordAt(buffer, next + at, at),
      )
      next += records.length
      yield { records, next }
    }
  }
  const offsets = async (topic: string) =>
    topic === names.dlq ? [{ partition: 0, low: 0, high: LETTERS }] : world.log.admin.offsets(topic)
  const letters = deadLetters({
    reader: { read },
    admin: { ...world.log.admin, offsets },
    sender: world.log.sender,
    names,
    schemas: world.schemas,
    clock: world.clock,
  })
  return { letters, results, fetches: () => fetches }
}

test('a hundred thousand letters are listed in one pass, and no payload is kept', async () => {
  const { letters, results, fetches } = await hugeTopic()
  await letters.list({ key: 'warm-up' })
  const before = usedBytes()
  const fetchedBefore = fetches()
  const list = await letters.list()
  const perEntry = (usedBytes() - before) / LETTERS
  expect(fetches() - fetchedBefore).toBe(LETTERS / PER_FETCH)
  expect(list.entries).toHaveLength(LETTERS)
  expect({ open: list.open, pending: list.pending }).toEqual({ open: 1, pending: LETTERS - 1 })
  expect(list.entries.filter(({ state }) => state === 'open').map(({ taskId }) => taskId)).toEqual([keyedId('0')])
  expect(perEntry).toBeLessThan(MAX_BYTES_PER_ENTRY)
  expect(results.partition).toBe(partitionFor(Buffer.from(keyedId('0')), 4))
})
