import { HEADER, newTaskId } from '@towline/contracts'
import { MemoryCluster, VirtualClock } from '@towline/kafka/memory'
import { expect, test } from 'vitest'
import { idempotentTasksBelow } from '../src/idempotent-log.ts'
import { TP } from './partition-bench.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** The offsets of a log of idempotent tasks, stamped so long ago, that are read below its end. */
async function readAgain(
  agesMs: readonly number[],
  bounds: { readonly minRecords: number; readonly maxRecords: number },
) {
  const clock = new VirtualClock()
  const driver = new MemoryCluster({ clock }).connect({ clientId: 'runner' })
  const [admin, producer, reader] = await Promise.all([driver.admin(), driver.producer(), driver.reader()])
  await admin.createTopics([{ topic: TP.topic, partitions: 1, replicationFactor: 1, configs: {} }])
  const records = agesMs.map((ageMs, offset) => ({
    key: Buffer.from(`key ${offset}`),
    value: Buffer.from(''),
    headers: { [HEADER.ceId]: newTaskId(), [HEADER.idempotencyKey]: `order ${offset}` },
    timestampMs: clock.nowMs() - ageMs,
  }))
  await producer.send([{ ...TP, records }])
  const context = { admin, reader, clock, windowMs: HOUR_MS, ...bounds }
  const tasks = await idempotentTasksBelow(context, TP, agesMs.length)
  return tasks.map(({ origin }) => origin.offset)
}

test('idempotent tasks are read again that were stamped within the window, and no more than are to be read', async () => {
  const agesMs = [2 * HOUR_MS, HOUR_MS / 2, 1_000, 0]
  expect(await readAgain(agesMs, { minRecords: 1, maxRecords: 100 })).toEqual([1, 2, 3])
  expect(await readAgain(agesMs, { minRecords: 1, maxRecords: 2 })).toEqual([2, 3])
  expect(await readAgain(agesMs, { minRecords: 100, maxRecords: 2 })).toEqual([2, 3])
})

test('a task stamped in the past is read again while it is among the last so many; further back its stamp counts', async () => {
  const agesMs = [DAY_MS, DAY_MS, DAY_MS]
  expect(await readAgain(agesMs, { minRecords: 2, maxRecords: 100 })).toEqual([1, 2])
  expect(await readAgain(agesMs, { minRecords: 100, maxRecords: 100 })).toEqual([0, 1, 2])
})
