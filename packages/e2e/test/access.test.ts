// docs/operations.md, "Access": every role does its work on an Apache Kafka with an authorizer that grants it what its row
// says, and nothing else.

import { type Agent, defineAgent, TerminalError, topicNames } from '@towline/contracts'
import { startRegistry } from '@towline/dev-broker'
import { createFleet, type Fleet, resolveConfig } from '@towline/fleet'
import { systemClock } from '@towline/kafka'
import {
  type GuardedKafka,
  startGuardedKafka,
  testBrokers,
  uniqueNamespace,
  whyNoGuardedKafka,
} from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessOf, grant, ROLES, type Role } from './access-table.ts'
import { silent } from './silent.ts'
import { type Work, work, workType } from './work.ts'

const lacking = (await whyNoGuardedKafka()) ?? (testBrokers().length > 1 ? null : 'suites run on no Kafka')

describe.skipIf(lacking !== null)(lacking ?? 'with what docs/operations.md grants it and nothing else', () => {
  const namespace = uniqueNamespace()
  const type = workType('shout')
  const names = topicNames(type.type, namespace)
  const agent: Agent<Work, Work> = defineAgent(type, {
    retry: { maxAttempts: 2, delays: ['1s'], tiers: ['1s'] },
    run: ({ n, note }, { attempt }) => {
      if (note === 'never') throw new TerminalError('it can never succeed')
      if (note === 'later' && attempt === 1) throw new Error('not yet')
      return { n: n + 1, note }
    },
  })
  let kafka: GuardedKafka
  let registry: Awaited<ReturnType<typeof startRegistry>>

  beforeAll(async () => {
    kafka = await startGuardedKafka([...ROLES, 'nobody'])
    registry = await startRegistry({ port: 0 })
    await grant(kafka, accessOf({ namespace, agent: type.type }))
  })
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]()
    await registry.stop()
  })

  async function as(user: Role | 'nobody'): Promise<Fleet & AsyncDisposable> {
    const login = { 'sasl.mechanism': 'plain', 'sasl.username': user, 'sasl.password': user }
    const config = resolveConfig(
      { agents: [agent], topics: { partitions: { tasks: 2, results: 2, retry: 1, dlq: 1, events: 1, replay: 1 } } },
      { brokers: kafka.broker, 'registry.url': registry.url, namespace, ...login },
      {},
    )
    return await createFleet(config, { clock: systemClock, log: silent })
  }

  test('a deployment makes topics and schemas', async () => {
    await using fleet = await as('deployment')
    await fleet.topics.apply()
    expect((await fleet.topics.plan()).map(({ kind }) => kind)).not.toContain('create')
    await fleet.registerSchemas()
  })

  test('a runner runs what a publisher publishes, retries it and dead-letters it, and the publisher learns the end', async () => {
    await using running = await as('runner')
    await using runner = await running.runner()
    await runner.start()
    await using publishing = await as('publisher')
    const towline = await publishing.connect()
    const [fine, later, ...never] = await Promise.all([
      towline.publish(type, work(1), { key: 'session-1', idempotencyKey: 'one' }),
      towline.publish(type, { n: 2, note: 'later' }),
      towline.publish(type, { n: 3, note: 'never' }),
      towline.publish(type, { n: 4, note: 'never' }),
    ])
    expect(await fine.result({ timeout: '30s' })).toMatchObject({ n: 2 })
    expect(await later.result({ timeout: '30s' })).toMatchObject({ n: 3 })
    for (const task of never) {
      await expect(task.result({ timeout: '30s' })).rejects.toMatchObject({ code: 'TOWLINE_TASK_DEAD' })
    }
  })

  test('an auditor reads what happened, and publishes nothing', async () => {
    await using fleet = await as('auditor')
    const letters = await fleet.deadLetters(type.type)
    const { open, entries } = await letters.list()
    expect(open).toBe(2)
    const [letter] = entries
    expect(await fleet.task(type.type, letter?.taskId ?? '')).toMatchObject({ state: 'dead-lettered' })
    expect((await fleet.lag()).map(({ topic }) => topic)).toContain(names.tasks)
    expect((await fleet.offsets()).map(({ topic }) => topic)).toContain(names.tasks)
    const towline = await fleet.connect()
    await expect(towline.publish(type, work(9))).rejects.toThrow(/authoriz|AUTHORIZATION/i)
  })

  test('an operator sends back, writes off, replays, forgets a replay, and looks for offsets that are gone', async () => {
    await using fleet = await as('operator')
    const letters = await fleet.deadLetters(type.type)
    const [first, second] = (await letters.list()).entries.map(({ taskId }) => taskId)
    const by = 'operator'
    if (first === undefined || second === undefined) throw new Error('there are no two dead letters')
    expect((await letters.redrive({ ids: [first], by })).counts).toMatchObject({ redriven: 1, failed: 0 })
    expect((await letters.purge({ ids: [second], by })).counts).toMatchObject({ purged: 1, failed: 0 })
    expect((await fleet.lag()).find(({ topic }) => topic === names.tasks)?.lag).toBe(1)
    const replays = await fleet.replays(type.type)
    const { plan } = await replays.plan({ all: true, by })
    expect(await replays.run(plan)).toMatchObject({ end: 'finished' })
    expect(await replays.abort(plan.replayId)).toMatchObject({ state: 'finished' })
    const restore = await fleet.offsetRestore(type.type)
    expect(await restore.plan({ topic: names.tasks })).not.toEqual([])
  })

  test('whom nobody granted anything is refused', async () => {
    await using fleet = await as('nobody')
    await expect(fleet.topics.apply()).rejects.toThrow(/authoriz|AUTHORIZATION/i)
  })
})
