import { HEADER, headerText, MAX_LIFE, readEnvelope, userHeaders } from '@towline/contracts'
import { beforeEach, describe, expect, test } from 'vitest'
import type { ResolveReport } from '../src/resolve-report.ts'
import { DeadLetterWorld, names } from './dead-letter-world.ts'
import type { StoredRecord } from './memory-log.ts'

const ALL = { all: true, by: 'ana', reason: 'fixed in 1.4.2' }

let world: DeadLetterWorld

beforeEach(() => {
  world = new DeadLetterWorld()
})

function last(topic: string): StoredRecord {
  return world.log
    .records(topic)
    .toSorted((a, b) => a.timestampMs - b.timestampMs)
    .at(-1) as StoredRecord
}

function kindsOf({ items }: ResolveReport): string[] {
  return items.map(({ outcome }) => outcome.kind)
}

describe('what a redrive sends', () => {
  test('key, value and user headers as they came, into the next life, without failures, deadline and due time', async () => {
    const headers = {
      'content-type': 'application/avro',
      [HEADER.tenant]: 'acme',
      [HEADER.idempotencyKey]: 'order-17',
      [HEADER.deadline]: '1',
      [HEADER.attempt]: '4',
      [HEADER.dueAt]: '2',
      [HEADER.parent]: '0190c1a0-0000-7000-8000-000000000001',
      [HEADER.traceparent]: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    }
    const { record, taskId } = await world.die({ key: 'customer-1', headers })
    world.clock.advance(1)
    const { redriveId } = await world.letters.redrive(ALL)
    const sent = last(names.tasks)
    expect(sent.key).toEqual(record.key)
    expect(sent.value).toEqual(record.value)
    expect({ ...userHeaders(sent.headers) }).toEqual({ ...userHeaders(record.headers) })
    expect(readEnvelope(sent).envelope).toEqual({
      taskId,
      key: Buffer.from('customer-1'),
      life: 2,
      attempt: 1,
      origin: { topic: names.tasks, partition: sent.partition, offset: sent.offset },
      queuedAtMs: world.clock.nowMs(),
      tenant: 'acme',
      idempotencyKey: 'order-17',
      parent: headers[HEADER.parent],
      traceparent: headers[HEADER.traceparent],
      redriveId,
    })
  })

  test('to the replay topic what died in a replay', async () => {
    await world.die({ topic: names.replay, headers: { [HEADER.replay]: '0190c1a0-0000-7000-8000-000000000002' } })
    world.clock.advance(1)
    await world.letters.redrive(ALL)
    expect(readEnvelope(last(names.replay)).envelope).toMatchObject({
      life: 2,
      replayId: '0190c1a0-0000-7000-8000-000000000002',
    })
    expect(world.log.records(names.tasks)).toEqual([])
  })

  test('then a resolution into the letter’s own partition, with its key, that says what, who and why', async () => {
    const { taskId } = await world.die({ key: 'customer-1' })
    const letter = last(names.dlq)
    world.clock.advance(1)
    const { redriveId } = await world.letters.redrive(ALL)
    const resolution = last(names.dlq)
    expect(resolution).toMatchObject({ partition: letter.partition, key: letter.key, value: null })
    const text = (name: string) => headerText(resolution.headers, name)
    expect([HEADER.resolves, HEADER.resolvedAs, HEADER.by, HEADER.reason, HEADER.redrive].map(text)).toEqual([
      `${taskId}/1`,
      'redriven',
      'ana',
      'fixed in 1.4.2',
      redriveId,
    ])
  })

  test('the resolution follows the letter, not its key, when the topic was given more partitions since', async () => {
    const { taskId } = await world.die()
    const letter = last(names.dlq)
    world.log.trim(names.dlq, letter.partition, letter.offset + 1)
    const moved = world.log.append(names.dlq, letter, (letter.partition + 1) % 3)
    world.clock.advance(1)
    await world.letters.redrive(ALL)
    expect(last(names.dlq).partition).toBe(moved.partition)
    expect((await world.letters.list()).entries).toMatchObject([{ taskId, state: 'resolved' }])
  })

  test('tasks of one key in the order they died', async () => {
    const dead = []
    for (let n = 0; n < 10; n += 1) dead.push((await world.die({ key: 'customer-1' })).taskId)
    await world.letters.redrive(ALL)
    const sent = world.log.records(names.tasks).map((record) => readEnvelope(record).envelope)
    expect(sent.filter(({ life }) => life === 2).map(({ taskId }) => taskId)).toEqual(dead)
  })
})

describe('what a redrive is about', () => {
  test('only what is open', async () => {
    await world.die()
    const pending = world.publish()
    await world.kill(pending)
    const stray = world.publish()
    world.end(stray.taskId, 1, 'succeeded')
    await world.kill(stray)
    const report = await world.letters.redrive(ALL)
    expect(report).toMatchObject({ matched: 3, counts: { redriven: 1, refused: 0, failed: 0 }, stoppedBy: null })
    expect(kindsOf(report)).toEqual(['redriven'])
    expect(world.livesOn(names.tasks).filter((life) => life.endsWith('/2'))).toHaveLength(1)
  })

  test('what a filter matches', async () => {
    await world.die({ key: 'a' })
    await world.die({ key: 'b' })
    const report = await world.letters.redrive({ filter: { key: 'a' }, by: 'ana' })
    expect(report.counts.redriven).toBe(1)
    expect((await world.letters.list()).entries.map(({ key, state }) => [key, state])).toEqual([
      ['a', 'resolved'],
      ['b', 'open'],
    ])
  })

  test('what ids name, with an item for each name', async () => {
    const first = await world.die()
    world.clock.advance(1)
    const second = await world.die()
    world.clock.advance(1)
    const pending = world.publish()
    await world.kill(pending)
    const ids = [first.taskId.toUpperCase(), `${second.taskId}/1`, `${second.taskId}/2`, pending.taskId, 'nobody']
    const report = await world.letters.redrive({ ids, by: 'ana' })
    expect(report.items.map(({ taskId, life, outcome }) => [taskId, life, outcome.kind])).toEqual([
      [first.taskId, 1, 'redriven'],
      [second.taskId, 1, 'redriven'],
      [pending.taskId, 1, 'skipped'],
      [second.taskId, 2, 'not-found'],
      ['nobody', null, 'not-found'],
    ])
    expect(report.counts).toMatchObject({ redriven: 2, skipped: 1, 'not-found': 2 })
  })

  test.each([{}, { filter: {} }, { filter: { key: undefined as never } }, { all: false }])(
    'not everything by accident: %j is refused',
    async (selection) => {
      await world.die()
      await expect(world.letters.redrive({ ...selection, by: 'ana' })).rejects.toMatchObject({
        code: 'TOWLINE_FILTER_REQUIRED',
      })
      await expect(world.letters.purge({ ...selection, by: 'ana' })).rejects.toMatchObject({
        code: 'TOWLINE_FILTER_REQUIRED',
      })
      expect(world.log.records(names.dlq)).toHaveLength(1)
    },
  )

  test.each([{ by: '' }, { by: 'x'.repeat(257) }, { by: 'ana', reason: 'é'.repeat(129) }, { by: 'ana', rate: 0 }])(
    'nothing, when %j cannot be kept',
    async (options) => {
      await expect(world.letters.redrive({ all: true, ...options })).rejects.toMatchObject({
        code: 'TOWLINE_OPTION_INVALID',
      })
    },
  )

  test('a dry run counts and refuses as the real one and writes nothing', async () => {
    for (let n = 0; n < 5; n += 1) await world.die({ headers: { [HEADER.life]: String((n % MAX_LIFE) + 1) } })
    const writes: string[] = []
    world.log.onCall = (call) => {
      if (call.includes('send')) writes.push(call)
    }
    const dry = await world.letters.redrive({ ...ALL, dryRun: true })
    expect(writes).toEqual([])
    expect(dry).toMatchObject({ dryRun: true, matched: 5, counts: { eligible: 4, refused: 1, redriven: 0 } })
    expect((await world.letters.redrive(ALL)).counts).toMatchObject({ redriven: 4, refused: 1 })
  })
})

describe('what a redrive refuses, letter by letter', () => {
  test('a fourth life', async () => {
    const { taskId } = await world.die({ headers: { [HEADER.life]: '3' } })
    const [item] = (await world.letters.redrive(ALL)).items
    expect(item).toMatchObject({
      taskId,
      life: 3,
      outcome: { kind: 'refused', error: { code: 'TOWLINE_REDRIVE_LIMIT', value: 3, bound: 3 } },
    })
    expect((await world.letters.list()).open).toBe(1)
  })

  test('a topic of origin that is gone', async () => {
    await world.die({ topic: names.replay })
    world.log.deleteTopic(names.replay)
    for (const dryRun of [true, false]) {
      const [item] = (await world.letters.redrive({ ...ALL, dryRun })).items
      expect(item?.outcome).toMatchObject({
        kind: 'refused',
        error: { code: 'TOWLINE_TOPIC_MISSING', value: names.replay },
      })
    }
  })

  test('a topic of origin that is none of this agent’s', async () => {
    await world.die({ headers: { [HEADER.origin]: 'other.tasks/0/7' } })
    const [item] = (await world.letters.redrive(ALL)).items
    expect(item?.outcome).toMatchObject({
      kind: 'refused',
      error: { code: 'TOWLINE_HEADER_INVALID', value: 'other.tasks' },
    })
  })

  test('a task that dies whatever is done ends at the limit, with a finite number of records', async () => {
    await world.die({ headers: { [HEADER.tenant]: 'acme' } })
    for (let round = 0; round < 5; round += 1) {
      world.clock.advance(1)
      const sentBefore = world.log.records(names.tasks).length
      await world.letters.redrive(ALL)
      for (const record of world.log.records(names.tasks).slice(sentBefore)) {
        const { envelope } = readEnvelope(record)
        await world.kill({ record, taskId: envelope.taskId })
        world.end(envelope.taskId, envelope.life, 'dead-lettered')
      }
    }
    expect(world.livesOn(names.tasks).map((life) => life.slice(-2))).toEqual(['/1', '/2', '/3'])
    expect(await world.letters.list()).toMatchObject({ open: 1, resolved: 2 })
    expect(world.log.records(names.tasks).every((record) => headerText(record.headers, HEADER.tenant) === 'acme')).toBe(
      true,
    )
  })
})
