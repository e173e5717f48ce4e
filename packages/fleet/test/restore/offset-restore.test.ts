import {
  avroCodec,
  decodeCommitNote,
  decodeGroupMarker,
  groupIdOf,
  groupsTopic,
  HEADER,
  type Logger,
  newTaskId,
  partitionFor,
  subjects,
  TaskResult,
  topicNames,
} from '@towline/contracts'
import { systemClock } from '@towline/kafka'
import { type RunningBroker, testBrokers, uniqueNamespace } from '@towline/test-brokers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { createFleet } from '../../src/create-fleet.ts'
import type { Fleet } from '../../src/fleet.ts'
import type { OffsetRestore } from '../../src/restore/offset-restore.ts'
import { workAgent } from '../agents.ts'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }
const AT_MS = 1_767_225_600_000

describe.each(testBrokers())('restoring offsets on $name', ({ start }) => {
  const namespace = uniqueNamespace()
  const names = topicNames('orders', namespace)
  const groupId = groupIdOf(names.tasks)
  let broker: RunningBroker
  let fleet: Fleet
  let restore: OffsetRestore

  /** Ten tasks in each of two partitions, a second apart, those with an odd offset ended; nothing is committed. */
  beforeAll(async () => {
    broker = await start()
    const overrides = { brokers: broker.brokers.join(','), 'registry.url': broker.registry, namespace }
    const partitions = { tasks: 2, results: 2, replay: 1, retry: 1, dlq: 1, events: 1 }
    const config = resolveConfig({ agents: [workAgent('orders')], topics: { partitions } }, overrides)
    fleet = await createFleet(config, { clock: systemClock, log: silent })
    await fleet.topics.apply()
    await fleet.registerSchemas()
    for (const partition of [0, 1]) {
      for (let offset = 0; offset < 10; offset += 1) {
        const taskId = newTaskId()
        const record = { key: Buffer.from(taskId), value: Buffer.from('task'), headers: { [HEADER.ceId]: taskId } }
        const sender = await fleet.sender()
        await sender.send({ topic: names.tasks, partition }, { ...record, timestampMs: AT_MS + offset * 1_000 })
        if (offset % 2 === 1) await end(taskId)
      }
    }
    restore = await fleet.offsetRestore('orders')
  })
  afterAll(async () => {
    await fleet.close()
    await broker.stop()
  })
  beforeEach(async () => {
    await (await fleet.admin()).deleteGroups([groupId])
  })

  async function end(taskId: string): Promise<void> {
    const origin = { topic: names.tasks, partition: 0, offset: 0 }
    const schemaId = await fleet.schemas.idOf(subjects('orders', namespace).results, TaskResult.text)
    const result: TaskResult = {
      ...{
        taskId,
        life: 1,
        end: 'succeeded',
        reason: null,
        attempts: 1,
        mayHaveRun: false,
        runnerId: 'runner-1',
        origin,
      },
      ...{
        queuedAt: AT_MS,
        startedAt: AT_MS,
        finishedAt: AT_MS,
        failure: null,
        parent: null,
        replayId: null,
        output: null,
      },
    }
    const value = avroCodec(TaskResult, fleet.schemas).encode(result, schemaId ?? -1)
    const key = Buffer.from(taskId)
    await (await fleet.sender()).send(
      { topic: names.results, partition: partitionFor(key, 2) },
      { key, value, headers: {} },
    )
  }

  async function committed() {
    const tps = [0, 1].map((partition) => ({ topic: names.tasks, partition }))
    return await (await fleet.admin()).committed(groupId, tps)
  }

  test('by default it goes on at the first task without an end, and its note says which above it have ended', async () => {
    const seen: number[] = []
    const plan = await restore.plan({ onProgress: (records) => void seen.push(records) })
    const ofTasks = plan.partitions.filter(({ topic }) => topic === names.tasks)
    expect(ofTasks).toEqual(
      [0, 1].map((partition) => ({
        ...{ topic: names.tasks, group: groupId, partition, logStart: 0, logEnd: 10, committed: null },
        ...{ to: 0, because: 'first-unended', unended: 5, mayHaveEnded: 0, runAgain: 0 },
      })),
    )
    const others = plan.partitions.filter(({ topic }) => topic !== names.tasks)
    expect(others.map(({ to, because }) => [to, because])).toEqual(others.map(() => [0, 'all-ended']))
    expect(seen.at(-1)).toBe(30)
    expect((await committed()).map(({ next }) => next)).toEqual([null, null])

    await restore.apply(plan, { by: 'ana', reason: 'idle' })
    for (const { next, metadata } of await committed()) {
      expect(next).toBe(0)
      const note = decodeCommitNote(metadata)
      expect(note).toMatchObject({ base: 0, end: 10, clean: false })
      expect(note?.unfinished.map(({ offset }) => offset)).toEqual([0, 2, 4, 6, 8])
    }
    const markers: unknown[] = []
    const topic = groupsTopic(namespace)
    const [bounds] = await (await fleet.admin()).offsets(topic)
    const range = { tp: { topic, partition: 0 }, from: 0, to: bounds?.high ?? 0 }
    for await (const { records } of (await fleet.reader()).read(range)) {
      markers.push(...records.map(({ value }) => decodeGroupMarker(value)))
    }
    expect(markers).toHaveLength(plan.partitions.length)
    expect(markers[0]).toMatchObject({ by: 'ana', finished: null, restored: { by: 'ana', reason: 'idle', offset: 0 } })
  })

  test.each([
    [{ kind: 'earliest' }, 0],
    [{ kind: 'latest' }, 10],
    [{ kind: 'time', atMs: AT_MS + 6_500 }, 7],
    [{ kind: 'time', atMs: AT_MS + 60_000 }, 10],
  ] as const)('to %j', async (target, to) => {
    const { partitions } = await restore.plan({ target, topic: names.tasks })
    expect(partitions.map((each) => [each.to, each.because, each.unended])).toEqual([
      [to, target.kind, null],
      [to, target.kind, null],
    ])
  })

  test('what has its offset is left alone, unless it is named', async () => {
    const tp = { topic: names.tasks, partition: 1 }
    await (await fleet.admin()).commitNote(groupId, [{ tp, next: 9, metadata: '' }])
    const places = ({ partitions }: Awaited<ReturnType<OffsetRestore['plan']>>) =>
      partitions.map(({ partition, to, because }) => [partition, to, because])
    expect(places(await restore.plan({ topic: names.tasks, target: { kind: 'earliest' } }))).toEqual([
      [0, 0, 'earliest'],
      [1, null, 'has-offset'],
    ])
    const named = await restore.plan({ partitions: [1], target: { kind: 'offset', offset: 3 } })
    expect(places(named)).toEqual([[1, 3, 'offset']])
    await restore.apply(named, { by: 'ana' })
    expect((await committed()).map(({ next }) => next)).toEqual([null, 3])
  })

  test('refuses to look at more than it may, before it looks', async () => {
    let hasLooked = false
    const onProgress = () => {
      hasLooked = true
    }
    await expect(restore.plan({ maxRecords: 19, onProgress })).rejects.toMatchObject({
      code: 'TOWLINE_OPTION_INVALID',
      value: 20,
      bound: 19,
    })
    expect(hasLooked).toBe(false)
  })
})
