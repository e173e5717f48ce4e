import {
  avroCodec,
  encodeCommitNote,
  groupIdOf,
  HEADER,
  type Logger,
  newTaskId,
  partitionFor,
  subjects,
  topicNames,
} from '@towline/contracts'
import { systemClock } from '@towline/kafka'
import { type RunningBroker, testBrokers, uniqueNamespace } from '@towline/test-brokers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { resolveConfig } from '../src/config/resolve-config.ts'
import type { TowlineConfig } from '../src/config/towline-config.ts'
import { createFleet } from '../src/create-fleet.ts'
import type { Fleet } from '../src/fleet.ts'
import { type Work, workAgent } from './agents.ts'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

describe.each(testBrokers())('a fleet on $name', ({ start }) => {
  let broker: RunningBroker
  let fleet: Fleet
  let namespace: string
  const running: { drain(): Promise<void> }[] = []

  beforeAll(async () => {
    broker = await start()
  })

  afterAll(() => broker.stop())

  beforeEach(async () => {
    namespace = uniqueNamespace()
    fleet = await makeFleet()
    await fleet.topics.apply()
    await fleet.registerSchemas()
  })

  afterEach(async () => {
    await Promise.all(running.splice(0).map((runner) => runner.drain()))
    await fleet.close()
  })

  async function makeFleet(agent = workAgent('orders'), producer: TowlineConfig['producer'] = {}): Promise<Fleet> {
    const overrides = { brokers: broker.brokers.join(','), 'registry.url': broker.registry, namespace }
    const config = {
      agents: [agent],
      producer,
      topics: { partitions: { tasks: 2, results: 2, replay: 1, retry: 1, dlq: 1, events: 1 } },
    }
    return await createFleet(resolveConfig(config, overrides), { clock: systemClock, log: silent })
  }

  async function publish(
    item: string,
    options: { key?: string; life?: number; taskId?: string } = {},
  ): Promise<string> {
    const taskId = options.taskId ?? newTaskId()
    const { input } = fleet.agentType('orders')
    const schemaId = await fleet.schemas.idOf(subjects('orders', namespace).tasks, input.text)
    const value = avroCodec(input, fleet.schemas).encode({ item } satisfies Work, schemaId ?? -1)
    const sender = await fleet.sender()
    const headers = {
      [HEADER.ceId]: taskId,
      ...(options.life === undefined ? {} : { [HEADER.life]: String(options.life) }),
    }
    await sender.send(
      { topic: topicNames('orders', namespace).tasks },
      { key: Buffer.from(options.key ?? taskId), value, headers },
    )
    return taskId
  }

  async function run(): Promise<void> {
    const runner = await fleet.runner()
    running.push(runner)
    await runner.start()
  }

  test('plans, creates, and then finds the topics as they should be', async () => {
    expect((await fleet.topics.plan()).map(({ kind }) => kind)).toEqual(Array.from({ length: 7 }, () => 'ok'))
    namespace = uniqueNamespace()
    const fresh = await makeFleet()
    expect((await fresh.topics.plan()).map(({ kind }) => kind)).toEqual(Array.from({ length: 7 }, () => 'create'))
    await fresh.close()
  })

  test('runs tasks, and shows lag before and none after', async () => {
    await publish('apple')
    await publish('pear')
    const tasks = async () => (await fleet.lag(['orders'])).find(({ kind }) => kind === 'tasks')
    expect(await tasks()).toMatchObject({ lag: 2, effectiveLag: 2, uncommittedPartitions: 2 })
    await run()
    await vi.waitFor(async () => expect(await tasks()).toMatchObject({ lag: 0, effectiveLag: 0 }), 10_000)
  })

  test('tells a task from publish to end', async () => {
    const taskId = await publish('apple', { key: 'basket' })
    expect(await fleet.task('orders', taskId)).toMatchObject({
      state: 'queued',
      life: 1,
      key: 'basket',
      input: { kind: 'decoded', value: { item: 'apple' } },
    })
    await run()
    await vi.waitFor(
      async () => expect(await fleet.task('orders', taskId)).toMatchObject({ state: 'succeeded' }),
      10_000,
    )
    expect(await fleet.task('orders', taskId)).toMatchObject({
      attempts: 1,
      key: 'basket',
      output: { kind: 'decoded', value: { item: 'apple' }, schema: 'io.towline.test.Work' },
      position: null,
    })
  })

  test('tells a dead letter, and the life after its redrive', async () => {
    const taskId = await publish('bad')
    await run()
    const stateOf = async () => await fleet.task('orders', taskId)
    await vi.waitFor(
      async () => expect(await stateOf()).toMatchObject({ state: 'dead-lettered', reason: 'terminal' }),
      10_000,
    )
    expect((await stateOf()).failure).toMatchObject({ code: 'TerminalError', message: 'no such item' })
    const letters = await fleet.deadLetters('orders')
    await vi.waitFor(async () => expect((await letters.list()).open).toBe(1), 10_000)
    await Promise.all(running.splice(0).map((runner) => runner.drain()))
    await letters.redrive({ all: true, by: 'test' })
    expect(await stateOf()).toMatchObject({
      state: 'queued',
      life: 2,
      earlierEnds: [{ life: 1, end: 'dead-lettered' }],
    })
  })

  test('tells a task that waits in a retry tier, and when it is due', async () => {
    const taskId = await publish('apple')
    await fleet.close()
    fleet = await makeFleet(
      workAgent('orders', () => {
        throw new Error('not today')
      }),
    )
    await run()
    await vi.waitFor(
      async () => {
        const report = await fleet.task('orders', taskId)
        expect(report).toMatchObject({ state: 'retrying', attempts: 1, failure: { message: 'not today' } })
        expect(report.dueAtMs).toBeGreaterThan(0)
      },
      { timeout: 10_000, interval: 20 },
    )
  })

  test('finds no task that was never published, and says where it looked', async () => {
    await expect(fleet.task('orders', newTaskId())).rejects.toMatchObject({ code: 'TOWLINE_TASK_NOT_FOUND' })
    const withoutTime = '9a1c0d6e-3f1b-5c2a-8e4d-7b6a5c4d3e2f'
    await expect(fleet.task('orders', withoutTime)).rejects.toMatchObject({ code: 'TOWLINE_OPTION_INVALID' })
    await publish('apple', { taskId: withoutTime })
    expect(await fleet.task('orders', withoutTime, { sinceMs: Date.now() - 60_000 })).toMatchObject({ state: 'queued' })
  })

  test('gives up a look-up at its bound instead of reading on', async () => {
    for (let index = 0; index < 4; index += 1) await publish('apple')
    await expect(fleet.task('orders', newTaskId(), { sinceMs: 0, maxRecords: 3 })).rejects.toMatchObject({
      code: 'TOWLINE_TASK_NOT_FOUND',
      bound: 3,
    })
  })

  test('shows which offset pins a partition, since when and why', async () => {
    const topic = topicNames('orders', namespace).tasks
    const ids = await Promise.all([publish('a', { key: 'k' }), publish('b', { key: 'k' }), publish('c', { key: 'k' })])
    const partition = partitionFor(Buffer.from('k'), 2)
    const metadata = encodeCommitNote({
      clean: false,
      owner: 1,
      base: 1,
      end: 3,
      hash: 0,
      hashIsBelowBase: false,
      unfinished: [{ offset: 1, attempts: 1, deliveries: 0, started: true }],
    })
    await (await fleet.admin()).commitNote(groupIdOf(topic), [{ tp: { topic, partition }, next: 1, metadata }])
    const row = (await fleet.offsets(['orders'])).find(
      (found) => found.topic === topic && found.partition === partition,
    )
    expect(row).toMatchObject({
      committed: 1,
      logEnd: 3,
      lag: 2,
      effectiveLag: 1,
      note: { isClean: false, unfinished: 1, finishedAhead: 1, writtenBy: null },
      pinnedBy: { offset: 1, attempts: 1, started: true },
      owner: null,
    })
    expect(row?.pinnedBy?.sinceMs).toBeGreaterThan(Date.now() - 60_000)
    expect(await fleet.task('orders', ids[0] ?? '')).toMatchObject({ state: 'unknown' })
    expect(await fleet.task('orders', ids[1] ?? '')).toMatchObject({ state: 'running', attempts: 2 })
    expect(await fleet.task('orders', ids[2] ?? '')).toMatchObject({ state: 'unknown' })
    // Without a note the committed offset alone tells.
    await (await fleet.admin()).commitNote(groupIdOf(topic), [{ tp: { topic, partition }, next: 1, metadata: '' }])
    expect(await fleet.task('orders', ids[0] ?? '')).toMatchObject({ state: 'unknown' })
    expect(await fleet.task('orders', ids[1] ?? '')).toMatchObject({ state: 'queued', attempts: 0 })
  })

  test('replays through a small producer, whatever headers its records carry', async () => {
    const sender = await fleet.sender()
    const headers = { 'x-context': 'x'.repeat(20_000) }
    const write = (index: number) =>
      sender.send(
        { topic: topicNames('orders', namespace).tasks },
        { key: Buffer.from(`${index}`), value: null, headers },
      )
    await Promise.all(Array.from({ length: 200 }, (_, index) => write(index)))
    await using small = await makeFleet(workAgent('orders'), { maxBufferedBytes: 1_048_576 })
    const replays = await small.replays('orders')
    const { plan } = await replays.plan({ all: true, by: 'test' })
    expect(await replays.run(plan)).toMatchObject({ end: 'finished', records: 200 })
  })

  test('refuses what nobody knows, by name', async () => {
    expect(() => fleet.agentType('nosuch')).toThrow(/no agent type "nosuch" is known\. Choose one of: orders/)
    await expect(fleet.runner(['nosuch'])).rejects.toMatchObject({ code: 'TOWLINE_AGENT_UNKNOWN' })
    await expect(fleet.deadLetters('nosuch')).rejects.toMatchObject({ code: 'TOWLINE_AGENT_UNKNOWN' })
    await expect(fleet.replays('nosuch')).rejects.toMatchObject({ code: 'TOWLINE_AGENT_UNKNOWN' })
    await expect(fleet.lag(['nosuch'])).rejects.toMatchObject({ code: 'TOWLINE_AGENT_UNKNOWN' })
  })

  test('closes more than once, and refuses what comes after', async () => {
    await fleet.close()
    await fleet.close()
    await expect(fleet.lag()).rejects.toMatchObject({ message: expect.stringContaining('the fleet was closed') })
  })
})

describe('a fleet without a broker', () => {
  test('answers within seconds, and tries again at the next call', async () => {
    const config = resolveConfig({ agents: [workAgent('orders')] }, { brokers: '127.0.0.1:1' })
    const fleet = await createFleet(config, { clock: systemClock, log: silent })
    await expect(fleet.lag()).rejects.toMatchObject({ code: 'TOWLINE_BROKER_UNAVAILABLE' })
    await expect(fleet.topics.plan()).rejects.toMatchObject({ code: 'TOWLINE_BROKER_UNAVAILABLE' })
    await fleet.close()
  }, 10_000)
})
