import { DEAD_REASONS, HEADER, partitionFor } from '@towline/contracts'
import { beforeEach, describe, expect, test } from 'vitest'
import type { DeadLetterFilter } from '../src/dead-letter-filter.ts'
import { DeadLetterWorld, keyedId, names } from './dead-letter-world.ts'
import { AT_MS, failure } from './task-fixtures.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let world: DeadLetterWorld

beforeEach(() => {
  world = new DeadLetterWorld()
})

async function counts(filter?: DeadLetterFilter) {
  const { open, pending, void: strays, resolved } = await world.letters.list(filter)
  return { open, pending, void: strays, resolved }
}

describe('what a dead letter counts as', () => {
  test('nothing, when there is none', async () => {
    expect(await world.letters.list()).toEqual({
      entries: [],
      open: 0,
      pending: 0,
      void: 0,
      resolved: 0,
      foreign: 0,
      unreadableEnds: 0,
      groups: [],
    })
  })

  test('open, when its life ended dead-lettered', async () => {
    const { taskId } = await world.die()
    const { entries, open } = await world.letters.list()
    expect(open).toBe(1)
    expect(entries).toMatchObject([{ taskId, life: 1, state: 'open', end: 'dead-lettered', records: 1 }])
  })

  test('once, however many records say it', async () => {
    const dead = await world.die()
    await world.kill(dead)
    await world.kill(dead)
    expect((await world.letters.list()).entries).toMatchObject([{ state: 'open', records: 3, offset: 0 }])
  })

  test('pending, until its end is written', async () => {
    const published = world.publish()
    await world.kill(published)
    expect(await counts()).toEqual({ open: 0, pending: 1, void: 0, resolved: 0 })
    world.end(published.taskId, 1, 'dead-lettered')
    expect(await counts()).toEqual({ open: 1, pending: 0, void: 0, resolved: 0 })
  })

  test.each(['succeeded', 'cancelled', 'expired', 'a-word-of-a-newer-version'])(
    'void, when it had ended %s',
    async (end) => {
      const published = world.publish()
      world.end(published.taskId, 1, end)
      await world.kill(published)
      world.end(published.taskId, 1, 'dead-lettered')
      expect(await counts()).toEqual({ open: 0, pending: 0, void: 1, resolved: 0 })
    },
  )

  test('open, when another life of it ended otherwise', async () => {
    const { taskId } = await world.die()
    world.end(taskId, 2, 'succeeded')
    expect(await counts()).toEqual({ open: 1, pending: 0, void: 0, resolved: 0 })
  })

  test('resolved by the first resolution, also when retention took the letter and left a repeat behind it', async () => {
    const dead = await world.die()
    await world.letters.purge({ all: true, by: 'ana', reason: 'test data' })
    await world.kill(dead)
    world.log.trim(names.dlq, partitionFor(Buffer.from(dead.taskId), 3), 1)
    expect((await world.letters.list()).entries).toMatchObject([
      { state: 'resolved', resolution: { resolvedAs: 'purged', by: 'ana', reason: 'test data' } },
    ])
  })

  test('nothing, when only a resolution is left of it', async () => {
    const dead = await world.die()
    await world.letters.purge({ all: true, by: 'ana' })
    world.log.trim(names.dlq, partitionFor(Buffer.from(dead.taskId), 3), 1)
    expect((await world.letters.list()).entries).toEqual([])
  })

  test('nothing, when it is no record of ours', async () => {
    world.log.append(names.dlq, { key: Buffer.from('a'), value: Buffer.from('b'), headers: {} })
    world.log.append(names.dlq, { key: null, value: null, headers: { [HEADER.resolves]: 'no/life' } }, 1)
    world.log.append(
      names.dlq,
      { key: null, value: null, headers: { [HEADER.resolves]: `${keyedId('a')}/1`, [HEADER.resolvedAs]: 'eaten' } },
      2,
    )
    await world.die()
    expect(await world.letters.list()).toMatchObject({ open: 1, foreign: 3 })
  })
})

describe('where its end is looked for', () => {
  test('only in the results partitions of the tasks concerned', async () => {
    for (let n = 0; n < 40; n += 1) world.end(keyedId(`other-${n}`), 1, 'succeeded')
    const { taskId } = await world.die()
    world.log.reads.length = 0
    await world.letters.list()
    const partitions = world.log.reads.filter(({ topic }) => topic === names.results).map(({ partition }) => partition)
    expect(partitions).toEqual([partitionFor(Buffer.from(taskId), 4)])
  })

  test('not before the first of these tasks existed, and no further than its end', async () => {
    const id = (n: number) => keyedId(`other-${n}`)
    for (let n = 0; n < 400; n += 1) world.end(id(n), 1, 'succeeded')
    world.clock.advance(2 * HOUR_MS)
    await world.die({ headers: { [HEADER.ceId]: keyedId('mine') } })
    for (let n = 400; n < 800; n += 1) world.end(id(n), 1, 'succeeded')
    world.log.reads.length = 0
    expect((await world.letters.list()).open).toBe(1)
    const read = world.log.reads
      .filter(({ topic }) => topic === names.results)
      .reduce((sum, { records }) => sum + records, 0)
    expect(read).toBeLessThanOrEqual(world.log.batchRecords)
  })

  test('with an hour to spare, when the clocks that published and killed it were ahead of the one that ended it', async () => {
    const aheadMs = 50 * 60_000
    world.clock.jump(aheadMs)
    const published = world.publish()
    world.clock.jump(-aheadMs)
    world.end(published.taskId, 1, 'succeeded')
    world.clock.jump(aheadMs)
    await world.kill(published)
    world.end(published.taskId, 1, 'dead-lettered')
    expect(await counts()).toEqual({ open: 0, pending: 0, void: 1, resolved: 0 })
  })

  test('far back, when the same task had ended long before it was dead-lettered', async () => {
    const published = world.publish({ headers: { [HEADER.ceId]: keyedId('slow') } })
    world.clock.advance(HOUR_MS)
    world.end(published.taskId, 1, 'succeeded')
    world.clock.advance(DAY_MS)
    const late = failure('late', 1, world.clock.nowMs())
    await world.kill(published, 'attempts-exhausted', late)
    world.end(published.taskId, 1, 'dead-lettered')
    expect(await counts()).toEqual({ open: 0, pending: 0, void: 1, resolved: 0 })
  })

  test('from the start of the log, when retention took the records these tasks began as', async () => {
    const dead = await world.die({ headers: { [HEADER.ceId]: keyedId('old') } })
    world.log.trim(names.tasks, dead.record.partition, 1)
    expect((await world.letters.list()).open).toBe(1)
  })

  test('nowhere, when everything matched is resolved', async () => {
    await world.die()
    await world.letters.purge({ all: true, by: 'ana' })
    world.log.reads.length = 0
    await world.letters.list()
    expect(world.log.reads.filter(({ topic }) => topic === names.results)).toEqual([])
  })

  test('a letter older than all retained results counts as open, and says why', async () => {
    const old = await world.die()
    world.clock.advance(8 * DAY_MS)
    const partition = partitionFor(Buffer.from(old.taskId), 4)
    const later = world.log.append(names.results, { key: Buffer.from('x'), value: null, headers: {} }, partition)
    world.log.trim(names.results, partition, later.offset)
    expect((await world.letters.list()).entries).toMatchObject([{ state: 'open', end: 'not-retained' }])
  })

  test('with no result retained at all, age decides between open and pending', async () => {
    const old = await world.die()
    world.clock.advance(8 * DAY_MS)
    const recent = world.publish()
    await world.kill(recent)
    for (let partition = 0; partition < 4; partition += 1) {
      const { offset } = world.log.append(names.results, { key: null, value: null, headers: {} }, partition)
      world.log.trim(names.results, partition, offset + 1)
    }
    expect((await world.letters.list()).entries).toMatchObject([
      { taskId: old.taskId, state: 'open', end: 'not-retained' },
      { taskId: recent.taskId, state: 'pending', end: null },
    ])
  })

  test('to its first end, also while the search goes on for another letter of the same partition', async () => {
    const [first, second] = [world.publish({ key: 'one' }), world.publish({ key: 'one' })]
    await world.kill(first)
    await world.kill(second)
    world.end(first.taskId, 1, 'succeeded')
    world.end(first.taskId, 1, 'dead-lettered')
    expect(await counts()).toEqual({ open: 0, pending: 1, void: 1, resolved: 0 })
  })

  test('a result under the key of another task is no end of either', async () => {
    const [mine, other] = [world.publish(), world.publish()]
    await world.kill(mine)
    const { value } = world.end(other.taskId, 1, 'succeeded')
    world.log.append(names.results, { key: Buffer.from(mine.taskId), value, headers: {} })
    expect(await world.letters.list()).toMatchObject({ pending: 1, unreadableEnds: 1 })
  })

  test('a result that cannot be decoded is told and counts as none', async () => {
    const published = world.publish()
    await world.kill(published)
    world.log.append(names.results, { key: Buffer.from(published.taskId), value: Buffer.from('junk'), headers: {} })
    expect(await world.letters.list()).toMatchObject({ pending: 1, unreadableEnds: 1 })
  })

  test('while the registry is out nothing is counted wrongly: it throws', async () => {
    await world.die()
    world.schemas.isOut = true
    await expect(world.letters.list()).rejects.toMatchObject({ code: 'TOWLINE_REGISTRY_UNAVAILABLE' })
  })

  test.each([names.dlq, names.results])(
    'a list that was aborted while it read %s throws: half a count is none',
    async (topic) => {
      world.log.batchRecords = 1
      for (let n = 0; n < 9; n += 1) await world.die({ key: 'one', headers: { [HEADER.ceId]: keyedId(`${n}`) } })
      const controller = new AbortController()
      world.log.onCall = (call) => {
        if (call === `during read ${topic}`) controller.abort(new Error('enough'))
      }
      await expect(world.letters.list({}, controller.signal)).rejects.toThrow('enough')
    },
  )
})

describe('filters', () => {
  beforeEach(async () => {
    await world.die({ key: 'customer-1', headers: { [HEADER.tenant]: 'acme' } }, failure('no such file: a-1.md'))
    world.clock.advance(1_000)
    await world.die({ key: 'customer-1' }, failure('no such file: a-2.md'))
    world.clock.advance(1_000)
    const published = world.publish({ key: 'customer-2' })
    await world.kill(published, 'undecodable', { ...failure('bytes'), code: 'TOWLINE_UNDECODABLE' })
    world.end(published.taskId, 1, 'dead-lettered')
  })

  test.each<[DeadLetterFilter, number]>([
    [{}, 3],
    [{ key: 'customer-1' }, 2],
    [{ key: 'customer' }, 0],
    [{ tenant: 'acme' }, 1],
    [{ error: 'TOWLINE_UNDECODABLE' }, 1],
    [{ error: 'NO SUCH FILE' }, 2],
    [{ reason: 'undecodable' }, 1],
    [{ sinceMs: AT_MS + 1_000 }, 2],
    [{ untilMs: AT_MS + 1_000 }, 1],
    [{ sinceMs: AT_MS, untilMs: AT_MS }, 0],
    [{ key: 'customer-1', error: 'a-2' }, 1],
  ])('%j matches %d', async (filter, open) => {
    expect((await world.letters.list(filter)).open).toBe(open)
  })

  test('by the fingerprint a list gave', async () => {
    const { groups } = await world.letters.list()
    expect(groups.map(({ code, pattern, open }) => ({ code, pattern, open }))).toEqual([
      { code: 'Error', pattern: 'no such file: a-<n>.md', open: 2 },
      { code: 'TOWLINE_UNDECODABLE', pattern: 'bytes', open: 1 },
    ])
    expect((await world.letters.list({ error: groups[0]?.fingerprint ?? '' })).open).toBe(2)
  })

  test('by an id or its beginning, in either case', async () => {
    const [first] = (await world.letters.list()).entries
    const id = first?.taskId ?? ''
    expect((await world.letters.list({ id: id.toUpperCase() })).open).toBe(1)
    expect((await world.letters.list({ id: id.slice(0, 8) })).open).toBe(3)
  })

  test('a repeat does not match where the first record of a letter does not', async () => {
    const dead = await world.die({ key: 'customer-9' }, failure('first'))
    await world.kill(dead, 'attempts-exhausted', failure('second'))
    expect((await world.letters.list({ error: 'second' })).entries).toEqual([])
  })

  test.each<DeadLetterFilter>([{ error: '' }, { id: '' }, { tenant: '' }, { sinceMs: Number.NaN }])(
    '%j, which would match by accident, is refused',
    async (filter) => {
      await expect(world.letters.list(filter)).rejects.toMatchObject({ code: 'TOWLINE_OPTION_INVALID' })
    },
  )

  test.each(DEAD_REASONS)('a group tells first, last and an example, for letters of reason %s', async (reason) => {
    const published = world.publish()
    await world.kill(published, reason, failure('alone'))
    world.end(published.taskId, 1, 'dead-lettered')
    const { groups } = await world.letters.list({ error: 'alone' })
    const atMs = AT_MS + 2_000
    expect(groups).toMatchObject([
      { open: 1, firstAtMs: atMs, lastAtMs: atMs, example: { taskId: published.taskId, life: 1 } },
    ])
  })
})
