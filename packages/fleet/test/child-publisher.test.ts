import { defineAgent, idOfChild, type Logger, topicNames } from '@towline/contracts'
import { systemClock } from '@towline/kafka'
import { type RunningBroker, testBrokers, uniqueNamespace } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { resolveConfig } from '../src/config/resolve-config.ts'
import { createFleet } from '../src/create-fleet.ts'
import { workAgent, workType } from './agents.ts'

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

describe.each(testBrokers())('children of running tasks on $name', ({ start }) => {
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })

  afterAll(() => broker.stop())

  test('a second attempt of the parent publishes the same child; parent, tenant and deadline go with it', async () => {
    const child = workType('child')
    const parent = defineAgent(workType('parent'), {
      retry: { maxAttempts: 2, delays: ['1s'], tiers: ['1s'] },
      async run({ item }, context) {
        await context.publish(child, { item: `${item}'s child` }, { name: 'only' })
        if (context.attempt === 1) throw new Error('after the child was published')
        return { item }
      },
    })
    const overrides = {
      brokers: broker.brokers.join(','),
      'registry.url': broker.registry,
      namespace: uniqueNamespace(),
    }
    const partitions = { tasks: 1, results: 1, replay: 1, retry: 1, dlq: 1, events: 1 }
    const config = resolveConfig({ agents: [parent, workAgent('child')], topics: { partitions } }, overrides)
    await using fleet = await createFleet(config, { clock: systemClock, log: silent })
    await fleet.topics.apply()
    await fleet.registerSchemas()
    const runner = await fleet.runner()
    await runner.start()
    try {
      const towline = await fleet.connect()
      const task = await towline.publish(parent.agentType, { item: 'ann' }, { tenant: 'acme', deadline: '1h' })
      await task.result({ timeout: '20s' })
      const childId = idOfChild(task.taskId, 'only')
      const childOf = () => fleet.task('child', childId, { sinceMs: Date.now() - 60_000 })
      await vi.waitFor(async () => expect(await childOf()).toMatchObject({ state: 'succeeded' }), 10_000)
      expect(await childOf()).toMatchObject({
        parent: task.taskId,
        tenant: 'acme',
        output: { value: { item: "ann's child" } },
      })
      const parentReport = await fleet.task('parent', task.taskId)
      expect((await childOf()).deadlineAtMs).toBe(parentReport.deadlineAtMs)
      expect(parentReport).toMatchObject({ state: 'succeeded', attempts: 2 })
      const results = await (await fleet.admin()).offsets(topicNames('child', config.namespace).results)
      expect(results).toEqual([{ partition: 0, low: 0, high: 1 }])
    } finally {
      await runner.drain()
    }
  })

  test('a child that does not fit its schema, its topic or the rules fails the attempt that published it', async () => {
    const child = workType('child')
    const cases: readonly [input: unknown, options: object, code: string][] = [
      [{ item: 1 }, {}, 'TOWLINE_SCHEMA_MISMATCH'],
      [{ item: 'x'.repeat(1_100_000) }, {}, 'TOWLINE_PAYLOAD_TOO_LARGE'],
      [{ item: 'a' }, { key: '' }, 'TOWLINE_OPTION_INVALID'],
      [{ item: 'a' }, { deadline: 'soon' }, 'TOWLINE_DURATION_INVALID'],
    ]
    const parent = defineAgent(workType('parent'), {
      retry: { maxAttempts: 1 },
      async run({ item }, context) {
        const [input, options] = cases[Number(item)] ?? []
        await context.publish(child, input as { item: string }, options ?? {})
        return { item }
      },
    })
    const overrides = {
      brokers: broker.brokers.join(','),
      'registry.url': broker.registry,
      namespace: uniqueNamespace(),
    }
    const partitions = { tasks: 1, results: 1, replay: 1, retry: 1, dlq: 1, events: 1 }
    const config = resolveConfig({ agents: [parent, workAgent('child')], topics: { partitions } }, overrides)
    await using fleet = await createFleet(config, { clock: systemClock, log: silent })
    await fleet.topics.apply()
    await fleet.registerSchemas()
    const runner = await fleet.runner(['parent'])
    await runner.start()
    try {
      const towline = await fleet.connect()
      for (const [index, [, , code]] of cases.entries()) {
        const task = await towline.publish(parent.agentType, { item: String(index) })
        await expect(task.result({ timeout: '20s' })).rejects.toMatchObject({ failure: { code } })
      }
    } finally {
      await runner.drain()
    }
  })
})
