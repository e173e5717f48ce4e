import { avroCodec, HEADER, idOfReplay, subjects, TaskResult, taskIdTimeMs } from '@towline/contracts'
import { createSchemaRegistry, systemClock } from '@towline/kafka'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  abortReplay,
  dryRunReplay,
  listReplays,
  parseRangeBounds,
  type ReplayPlan,
  type ReplayRequest,
  replayReport,
  replayStatus,
  resumeReplay,
  runReplay,
} from '../src/index.ts'
import { BrokerWorld, type ConsumedRecord } from './broker-world.ts'
import { MortalPorts } from './faulty-ports.ts'

function idsOf(records: readonly ConsumedRecord[]): readonly string[] {
  return records.map(({ headers }) => String(headers[HEADER.ceId])).sort()
}

/** The ids a plan must leave in its target, of what a consumer saw in its source. */
function expectedIds(plan: ReplayPlan, source: readonly ConsumedRecord[]): readonly string[] {
  return source
    .filter((record) =>
      plan.partitions.some(
        ({ partition, from, to }) => record.partition === partition && record.offset >= from && record.offset < to,
      ),
    )
    .filter(({ key }) => plan.key === null || (key !== null && Buffer.compare(key, plan.key) === 0))
    .map(({ partition, offset }) => idOfReplay(plan.replayId, plan.source, partition, offset))
    .sort()
}

function valuesOfKey(records: readonly ConsumedRecord[], key: string): readonly string[] {
  return [...new Set(records.filter((record) => String(record.key) === key).map(({ value }) => String(value)))]
}

describe.each(testBrokers())('on $name', ({ start }) => {
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })

  afterAll(() => broker.stop())

  test('a replay sends exactly what an independent consumer finds in the range, and what the dry run counted', async () => {
    await using world = await BrokerWorld.open(broker.brokers)
    await world.seed(300)
    const source = await world.consumeAll(world.names.tasks)
    expect(source).toHaveLength(300)
    const selections: Partial<ReplayRequest>[] = [
      {},
      { from: parseRangeBounds('10', '--from'), to: parseRangeBounds('60', '--to') },
      { from: parseRangeBounds('-100s', '--from'), to: parseRangeBounds('-20s', '--to') },
      { partitions: [0, 2], max: 25 },
      { key: 'key-3' },
    ]
    const expected: string[] = []
    for (const selection of selections) {
      const plan = await world.plan(selection)
      const { records } = await dryRunReplay(plan, world)
      const result = await runReplay(plan, world.ports(), { expectedRecords: records })
      expect(result).toMatchObject({ end: 'finished', records })
      expect(records).toBe(expectedIds(plan, source).length)
      expected.push(...expectedIds(plan, source))
    }
    const replayed = await world.consumeAll(world.names.replay)
    expect(idsOf(replayed)).toEqual(expected.sort())
    expect(replayed.length).toBeGreaterThan(300 + 25)
    const all = replayed.filter(({ headers }) => String(headers['number']) === '7')
    expect(all.map(({ value }) => String(value))).toContain('task 7')
  })

  test('a range by time holds the records stamped in it', async () => {
    await using world = await BrokerWorld.open(broker.brokers)
    await world.seed(120)
    const nowMs = systemClock.nowMs()
    const iso = (agoMs: number): string => new Date(nowMs - agoMs).toISOString()
    const plan = await world.plan({
      from: parseRangeBounds(iso(90_000), '--from'),
      to: parseRangeBounds(iso(30_000), '--to'),
    })
    await runReplay(plan, world.ports())
    const source = await world.consumeAll(world.names.tasks)
    const stamped = source.filter(({ timestampMs }) => timestampMs >= nowMs - 90_000 && timestampMs < nowMs - 30_000)
    expect(stamped.length).toBeGreaterThan(50)
    const replayed = await world.consumeAll(world.names.replay)
    expect(replayed.map(({ value }) => String(value)).sort()).toEqual(stamped.map(({ value }) => String(value)).sort())
  })

  test('killed at calls all through, it resumes to the exact set, in order, with equal ids for repeats', async () => {
    await using world = await BrokerWorld.open(broker.brokers)
    await world.seed(200)
    const source = await world.consumeAll(world.names.tasks)
    const options = { maxInFlight: 20, maxRepeats: 40, checkpointIntervalMs: 5 }
    const plan = await world.plan()
    let deaths = 0
    for (let atCall = 2; atCall <= 26; atCall += 3) {
      const { admin, reader, producer } = world
      const living = { admin, reader, producer, clock: systemClock }
      const mortal = new MortalPorts(living, { atCall, takesEffect: atCall % 2 === 0 })
      await runReplay(plan, mortal.ports(), options).catch(() => undefined)
      deaths += mortal.hasDied ? 1 : 0
    }
    expect(deaths).toBeGreaterThan(4)
    const ref = { replayId: plan.replayId, agentType: 'digest', namespace: world.namespace }
    const result = await resumeReplay(ref, world.ports())
    expect(result).toMatchObject({ end: 'finished', records: 200 })
    const replayed = await world.consumeAll(world.names.replay)
    expect([...new Set(idsOf(replayed))]).toEqual(expectedIds(plan, source))
    const distinct = new Set(
      replayed.map(
        ({ headers, value }) => `${String(headers[HEADER.ceId])} ${String(headers[HEADER.parent])} ${value}`,
      ),
    )
    expect(distinct.size).toBe(200)
    for (let key = 0; key < 10; key += 1) {
      expect(valuesOfKey(replayed, `key-${key}`)).toEqual(valuesOfKey(source, `key-${key}`))
    }
  })

  test('the rate is kept within 5 %, by the time at which the records arrive', async () => {
    await using world = await BrokerWorld.open(broker.brokers)
    await world.seed(400)
    await runReplay(await world.plan({ ratePerSecond: 200 }), world.ports())
    const stamps = (await world.consumeAll(world.names.replay)).map(({ timestampMs }) => timestampMs)
    const rate = ((stamps.length - 1) * 1_000) / (Math.max(...stamps) - Math.min(...stamps))
    expect(rate).toBeGreaterThan(190)
    expect(rate).toBeLessThan(210)
  })

  test('its group tells progress, finish and abort to whoever asks', async () => {
    await using world = await BrokerWorld.open(broker.brokers)
    await world.seed(60)
    const stop = new AbortController()
    const plan = await world.plan({ ratePerSecond: 50 })
    const stopped = await runReplay(plan, world.ports(), {
      signal: stop.signal,
      onProgress: ({ records }) => records > 10 && stop.abort(),
    })
    expect(stopped.end).toBe('stopped')
    const ref = { replayId: plan.replayId, agentType: 'digest', namespace: world.namespace }
    expect(await replayStatus(ref, world)).toMatchObject({ plan, state: 'started', records: stopped.records })
    await resumeReplay(ref, world.ports(), { ratePerSecond: null })
    const finished = await replayStatus(ref, world)
    expect(finished).toMatchObject({ state: 'finished', records: 60, offsets: 60, totalOffsets: 60 })
    expect((await listReplays(ref, world)).map((status) => status.plan.replayId)).toEqual([plan.replayId])
    await abortReplay(ref, { admin: world.admin, clock: systemClock })
    expect(await replayStatus(ref, world)).toBeNull()
    expect(await listReplays(ref, world)).toEqual([])
  })

  test('its report is read from the results of its tasks', async () => {
    await using world = await BrokerWorld.open(broker.brokers)
    await world.seed(20)
    const plan = await world.plan({ max: 12 })
    await runReplay(plan, world.ports())
    const registry = createSchemaRegistry({ url: broker.registry })
    const codec = avroCodec(TaskResult, registry)
    const id = await registry.register(subjects('digest', world.namespace).results, TaskResult.text)
    const replayed = await world.consumeAll(world.names.replay)
    const finishedAt = (taskIdTimeMs(plan.replayId) ?? 0) + 500
    await Promise.all(
      replayed.slice(0, 10).map(({ headers, partition, offset }, index) => {
        const taskId = String(headers[HEADER.ceId])
        const value: TaskResult = {
          taskId,
          life: 1,
          end: index < 8 ? 'succeeded' : 'dead-lettered',
          reason: index < 8 ? null : 'terminal',
          attempts: 1,
          mayHaveRun: false,
          runnerId: 'runner-1',
          origin: { topic: world.names.replay, partition, offset },
          queuedAt: finishedAt - 500,
          startedAt: finishedAt - 100,
          finishedAt,
          failure: index < 8 ? null : { code: 'GONE', message: 'gone', stack: null, atMs: finishedAt, attempt: 1 },
          parent: String(headers[HEADER.parent]),
          replayId: plan.replayId,
          output: null,
        }
        const record = { key: Buffer.from(taskId), value: codec.encode(value, id), headers: {} }
        return world.sender.send({ topic: world.names.results }, record)
      }),
    )
    const report = await replayReport(plan, { admin: world.admin, reader: world.reader, schemas: registry })
    await registry.close()
    expect(report).toMatchObject({
      state: 'finished',
      records: 12,
      ended: 10,
      open: 2,
      ends: { succeeded: 8, 'dead-lettered': 2, cancelled: 0, expired: 0 },
      unreadable: 0,
      runs: { count: 10, minMs: 100, maxMs: 100 },
    })
    expect(report.failures).toMatchObject([
      { code: 'GONE', count: 2, taskIds: [expect.any(String), expect.any(String)] },
    ])
  })
})
