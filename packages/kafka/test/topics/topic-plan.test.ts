import { isTowlineError } from '@towline/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TopicDescription } from '../../src/ports/admin-port.ts'
import { diffPlan, type PlanStep, refuseContradictions } from '../../src/topics/topic-diff.ts'
import { type PlannedTopic, planTopics, type TopicPlanOptions } from '../../src/topics/topic-plan.ts'

const digest = { type: 'digest', tiersMs: [60_000, 5_000] }

function plan(options: Partial<TopicPlanOptions> = {}): readonly PlannedTopic[] {
  return planTopics({ agents: [digest], brokers: 1, ...options })
}

function agentTopics(options: Partial<TopicPlanOptions> = {}): readonly PlannedTopic[] {
  return plan(options).filter(({ kind }) => kind !== 'groups')
}

function planned(topic: string, options: Partial<TopicPlanOptions> = {}): PlannedTopic {
  const found = plan(options).find((candidate) => candidate.topic === topic)
  if (found === undefined) throw new Error(`${topic} is not planned`)
  return found
}

/** The topic as the plan makes it, changed as a cluster's owner might have. */
function existing(topic: PlannedTopic, changes: Partial<TopicDescription> = {}): TopicDescription {
  return { topic: topic.topic, partitions: topic.partitions, configs: { ...topic.configs }, ...changes }
}

function withConfig(topic: PlannedTopic, setting: string, value: string): TopicDescription {
  return existing(topic, { configs: { ...topic.configs, [setting]: value } })
}

function only(steps: readonly PlanStep[]): PlanStep {
  const [step, ...others] = steps
  if (step === undefined || others.length > 0) throw new Error(`expected one step, got ${JSON.stringify(steps)}`)
  return step
}

test('an agent gets a topic of every kind and one for each tier', () => {
  expect(plan().map(({ topic, partitions }) => [topic, partitions])).toEqual([
    ['digest.tasks', 12],
    ['digest.retry.5s', 3],
    ['digest.retry.1m', 3],
    ['digest.dlq', 3],
    ['digest.results', 12],
    ['digest.events', 3],
    ['digest.replay', 12],
    ['towline.groups', 1],
  ])
})

test('agents share a topic of markers, which is compacted and of one partition for ever', () => {
  const topic = planned('towline.groups')
  const both = plan({ agents: [digest, { type: 'shout', tiersMs: [] }] }).map((each) => each.topic)
  expect(both.filter((name) => name === topic.topic)).toHaveLength(1)
  expect(topic.configs).toEqual({ 'cleanup.policy': 'compact' })
  const wrong = {
    ...existing(topic, { partitions: 3 }),
    configs: { 'cleanup.policy': 'delete', 'retention.ms': '1000' },
  }
  const found = diffPlan([topic], [wrong]).map((step) => (step.kind === 'contradiction' ? step.setting : step.kind))
  expect(found).toEqual(['partitions', 'cleanup.policy'])
})

test('a namespace stands before every topic', () => {
  for (const { topic } of plan({ namespace: 'prod' })) expect(topic).toMatch(/^prod\.(digest|towline)\./)
})

test('dead letters are kept 90 days and the rest 7, without a bound on size', () => {
  expect(planned('digest.dlq').configs['retention.ms']).toBe(String(90 * 86_400_000))
  expect(planned('digest.tasks').configs['retention.ms']).toBe(String(7 * 86_400_000))
  for (const { kind, configs } of plan()) expect(configs['retention.bytes']).toBe(kind === 'groups' ? undefined : '-1')
})

test('only tiers are stamped with the time of append', () => {
  for (const { configs, kind } of agentTopics()) {
    expect(configs['message.timestamp.type']).toBe(kind === 'retry' ? 'LogAppendTime' : 'CreateTime')
  }
})

test('whatever fits into .tasks fits into retry, dlq and replay with 64 KiB of headers', () => {
  fc.assert(
    fc.property(fc.integer({ min: 65_536, max: 100_000_000 }), (maxMessageBytes) => {
      for (const { kind, configs } of agentTopics({ maxMessageBytes })) {
        const isMove = kind === 'retry' || kind === 'dlq' || kind === 'replay'
        expect(Number(configs['max.message.bytes'])).toBe(maxMessageBytes + (isMove ? 65_536 : 0))
      }
    }),
  )
})

test('topics are replicated to at most three brokers, and need two in sync where there are three', () => {
  const of = (brokers: number): readonly (number | string | undefined)[] => {
    const { replicationFactor, configs } = planned('digest.tasks', { brokers })
    return [replicationFactor, configs['min.insync.replicas']]
  }
  expect([of(1), of(2), of(3), of(9)]).toEqual([
    [1, undefined],
    [2, undefined],
    [3, '2'],
    [3, '2'],
  ])
})

test('retention shorter than three times the lag bound plus the longest delay is refused, exactly', () => {
  const agents = [{ type: 'digest', tiersMs: [5_000], longestDelayMs: 3_600_000 }]
  const least = 3 * (3_600_000 + 3_600_000)
  expect(plan({ agents, retentionMs: least })[0]?.configs['retention.ms']).toBe(String(least))
  expect(() => plan({ agents, retentionMs: least - 1 })).toThrow(
    expect.objectContaining({ code: 'TOWLINE_TOPIC_MISCONFIGURED', value: least - 1, bound: least }),
  )
  expect(() => plan({ agents, deadLetterRetentionMs: 1_000 })).toThrow(/retention of digest\.dlq/)
})

test('a cluster without the topics is told to create them as planned', () => {
  const steps = diffPlan(plan(), [])
  expect(steps.map(({ kind }) => kind)).toEqual(Array(8).fill('create'))
  expect(steps[0]).toEqual({
    kind: 'create',
    topic: 'digest.tasks',
    spec: {
      topic: 'digest.tasks',
      partitions: 12,
      replicationFactor: 1,
      configs: planned('digest.tasks').configs,
    },
  })
})

test('a cluster that follows the plan needs nothing', () => {
  const steps = diffPlan(
    plan(),
    plan().map((topic) => existing(topic)),
  )
  expect(new Set(steps.map(({ kind }) => kind))).toEqual(new Set(['ok']))
})

test.each([
  ['digest.tasks', 'cleanup.policy', 'compact,delete', 'delete'],
  ['digest.tasks', 'retention.bytes', '1000000', '-1'],
  ['digest.retry.5s', 'retention.bytes', '1000000', '-1'],
  ['digest.tasks', 'retention.ms', '3600000', '604800000'],
  ['digest.retry.1m', 'message.timestamp.type', 'CreateTime', 'LogAppendTime'],
  ['digest.dlq', 'max.message.bytes', '1048588', '1114124'],
])('%s with %s=%s contradicts a promise; wanted is %s', (topic, setting, is, wanted) => {
  const others = plan().filter((other) => other.topic !== topic)
  const descriptions = [...others.map((other) => existing(other)), withConfig(planned(topic), setting, is)]
  const step = only(diffPlan(plan(), descriptions).filter((found) => found.kind !== 'ok'))
  expect(step).toMatchObject({ kind: 'contradiction', topic, setting, is, wanted })
  expect(step).toHaveProperty('wayOut', expect.stringContaining(`--add-config ${setting}=${wanted}`))
})

test('one in-sync replica contradicts the promise where the plan has three', () => {
  const topic = planned('digest.results', { brokers: 3 })
  expect(only(diffPlan([topic], [withConfig(topic, 'min.insync.replicas', '1')]))).toMatchObject({
    setting: 'min.insync.replicas',
    wanted: '2',
  })
})

test.each([
  ['digest.tasks', 'retention.ms', '-1'],
  ['digest.tasks', 'retention.ms', '30000000'],
  ['digest.results', 'retention.bytes', '1000000'],
  ['digest.tasks', 'message.timestamp.type', 'LogAppendTime'],
  ['digest.tasks', 'segment.bytes', '1048576'],
])('%s with %s=%s differs from the plan and breaks no promise', (topic, setting, value) => {
  const wanted = planned(topic)
  expect(only(diffPlan([wanted], [withConfig(wanted, setting, value)]))).toEqual({ kind: 'ok', topic })
})

test('room for headers is measured against what .tasks accepts today, not against the plan', () => {
  const [tasks, dlq] = [planned('digest.tasks'), planned('digest.dlq')]
  const steps = diffPlan([tasks, dlq], [withConfig(tasks, 'max.message.bytes', '5000000'), existing(dlq)])
  expect(steps[1]).toMatchObject({ topic: 'digest.dlq', setting: 'max.message.bytes', wanted: '5065536' })
})

test.each(['digest.retry.5s', 'digest.dlq', 'digest.events'])('%s may get more partitions', (topic) => {
  const wanted = planned(topic, { partitions: { retry: 6, dlq: 6, events: 6 } })
  expect(only(diffPlan([wanted], [existing(wanted, { partitions: 3 })]))).toEqual({
    kind: 'add-partitions',
    topic,
    from: 3,
    to: 6,
  })
})

test.each(['digest.tasks', 'digest.results', 'digest.replay'])(
  '%s keeps the partitions it has; to ask for others is a contradiction',
  (topic) => {
    const asDefault = planned(topic)
    const as24 = planned(topic, { partitions: { tasks: 24, results: 24, replay: 24 } })
    const has12 = existing(asDefault)
    expect(only(diffPlan([asDefault], [existing(asDefault, { partitions: 6 })]))).toEqual({ kind: 'ok', topic })
    expect(only(diffPlan([as24], [has12]))).toMatchObject({ setting: 'partitions', is: '12', wanted: '24' })
  },
)

test('a runner that must refuse says the first contradiction, the way out and how many there are', () => {
  const tasks = planned('digest.tasks')
  const bad = existing(tasks, { configs: { ...tasks.configs, 'retention.ms': '1', 'retention.bytes': '1' } })
  const refuse = (): void => refuseContradictions(diffPlan([tasks], [bad]))
  expect(refuse).toThrow(/retention\.ms 1, wanted 604800000.*and 1 more.*kafka-configs/)
  try {
    refuse()
  } catch (error) {
    expect(isTowlineError(error, 'TOWLINE_TOPIC_MISCONFIGURED')).toBe(true)
  }
  refuseContradictions(diffPlan([tasks], [existing(tasks)]))
})
