import { type RunningBroker, testBrokers, uniqueNamespace } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AdminPort, applyPlan, comparePlan, type PlannedTopic, planTopics } from '../../src/index.ts'
import { connectKafka } from '../../src/kafkajs/index.ts'

describe.each(testBrokers())('applying a topic plan on $name', ({ start }) => {
  let broker: RunningBroker
  let admin: AdminPort

  beforeAll(async () => {
    broker = await start()
    admin = await connectKafka({ brokers: broker.brokers, clientId: 'topics-test' }).admin()
  })
  afterAll(async () => {
    await admin.close()
    await broker.stop()
  })

  async function withPlan(test: (plan: readonly PlannedTopic[], namespace: string) => Promise<void>): Promise<void> {
    const namespace = uniqueNamespace()
    const brokers = await admin.brokerCount()
    const plan = planTopics({ agents: [{ type: 'digest', tiersMs: [5_000] }], namespace, brokers })
    try {
      await test(plan, namespace)
    } finally {
      await admin.deleteTopics(plan.map(({ topic }) => topic))
    }
  }

  test('what is missing is created as planned, and then nothing is left to do', () =>
    withPlan(async (plan) => {
      expect(new Set((await comparePlan(admin, plan)).map(({ kind }) => kind))).toEqual(new Set(['create']))
      expect(await admin.describeTopics(plan.map(({ topic }) => topic))).toEqual([])
      await applyPlan(admin, plan)
      expect(new Set((await applyPlan(admin, plan)).map(({ kind }) => kind))).toEqual(new Set(['ok']))
      for (const { topic, partitions, configs } of plan) {
        const [description] = await admin.describeTopics([topic])
        expect(description?.partitions).toBe(partitions)
        expect(description?.configs).toMatchObject(configs)
      }
    }))

  test('a topic of somebody else’s making is judged, left alone, and the others are created', () =>
    withPlan(async (plan, namespace) => {
      const topic = `${namespace}.digest.retry.5s`
      await admin.createTopics([{ topic, partitions: 2, replicationFactor: 1, configs: { 'retention.bytes': '1000' } }])
      const steps = await applyPlan(admin, plan)
      const ofTopic = steps.filter((step) => step.topic === topic)
      expect(ofTopic.map((step) => (step.kind === 'contradiction' ? step.setting : step.kind))).toEqual([
        'retention.bytes',
        'message.timestamp.type',
        'max.message.bytes',
        'add-partitions',
      ])
      const [description] = await admin.describeTopics([topic])
      expect(description).toMatchObject({ partitions: 3, configs: { 'retention.bytes': '1000' } })
      expect(await admin.describeTopics(plan.map((planned) => planned.topic))).toHaveLength(plan.length)
    }))
})
