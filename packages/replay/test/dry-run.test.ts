import { expect, test } from 'vitest'
import { dryRunReplay, parseRangeBounds } from '../src/index.ts'
import { ReplayWorld, TASKS } from './replay-world.ts'

test('counts records, bytes and times by reading, per partition and together', async () => {
  const world = new ReplayWorld(2)
  world.cluster.append(
    TASKS,
    { partition: 0, key: 'ab', value: 'xyz', timestampMs: 30 },
    { partition: 0, key: null, value: null, timestampMs: 10, gap: 3 },
    { partition: 1, key: 'cd', value: 'x', timestampMs: 20 },
  )
  const counts = await world.dryRun(await world.plan())
  expect(counts).toEqual({
    records: 3,
    bytes: 8,
    firstAtMs: 10,
    lastAtMs: 30,
    partitions: [
      { partition: 0, from: 0, to: 5, records: 2, bytes: 5, firstAtMs: 10, lastAtMs: 30 },
      { partition: 1, from: 0, to: 1, records: 1, bytes: 3, firstAtMs: 20, lastAtMs: 20 },
    ],
  })
})

test('a key matches by its exact bytes', async () => {
  const world = new ReplayWorld(1)
  const keys = [
    Buffer.from([0xff, 0xfe]),
    Buffer.from([0xff]),
    Buffer.from([0xff, 0xfe, 0]),
    null,
    Buffer.alloc(0),
    '\ufffd',
  ]
  world.cluster.append(TASKS, ...keys.map((key) => ({ partition: 0, key })))
  expect((await world.dryRun(await world.plan({ key: Buffer.from([0xff, 0xfe]) }))).records).toBe(1)
  expect((await world.dryRun(await world.plan({ key: '' }))).records).toBe(1)
  expect((await world.dryRun(await world.plan({ key: '\ufffd' }))).records).toBe(1)
})

test('a key is found in every partition it stands in, whoever placed it there', async () => {
  const world = new ReplayWorld(3)
  for (const partition of [0, 1, 2]) world.cluster.append(TASKS, { partition, key: 'k' }, { partition, key: 'other' })
  expect((await world.dryRun(await world.plan({ key: 'k' }))).partitions.map(({ records }) => records)).toEqual([
    1, 1, 1,
  ])
})

test('nothing that matches is a count of nothing, not an error', async () => {
  const world = new ReplayWorld(1)
  world.seed(20, () => ({ partition: 0, key: 'other' }))
  expect(await world.dryRun(await world.plan({ key: 'absent', max: 5 }))).toEqual({
    records: 0,
    bytes: 0,
    firstAtMs: null,
    lastAtMs: null,
    partitions: [{ partition: 0, from: 0, to: 20, records: 0, bytes: 0, firstAtMs: null, lastAtMs: null }],
  })
})

test('tells how far it is', async () => {
  const world = new ReplayWorld(1)
  world.cluster.batchRecords = 100
  world.seed(1_200, () => ({ partition: 0 }))
  const told: number[] = []
  const ports = { admin: world.cluster.admin(), reader: world.cluster.reader() }
  await dryRunReplay(await world.plan(), ports, { onProgress: ({ offsets }) => told.push(offsets) })
  expect(told.length).toBeGreaterThan(2)
  expect(told).toEqual(told.toSorted((a, b) => a - b))
  expect(told.at(-1)).toBe(1_200)
})

test('an abort ends it by rejecting, never with a count that is too low', async () => {
  const world = new ReplayWorld(1)
  world.seed(100, () => ({ partition: 0 }))
  const abort = new AbortController()
  const ports = { admin: world.cluster.admin(), reader: world.cluster.reader() }
  const counting = dryRunReplay(await world.plan(), ports, { signal: abort.signal })
  abort.abort(new Error('enough'))
  await expect(counting).rejects.toThrow('enough')
})

test('when retention took part of the range since the plan, says which offsets are gone', async () => {
  const world = new ReplayWorld(2)
  world.seed(40, (index) => ({ partition: index % 2 }))
  const plan = await world.plan({ from: parseRangeBounds('5', '--from') })
  world.cluster.deleteBelow(TASKS, 1, 12)
  await expect(world.dryRun(plan)).rejects.toMatchObject({
    code: 'TOWLINE_OFFSET_OUT_OF_RANGE',
    losses: [{ partition: 1, from: 5, to: 12 }],
    message: expect.stringContaining('digest.tasks/1 5 to 11'),
  })
})
