import { HEADER, headerText, idOfRecord, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, everyPromise, noDuplicates } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createJournal } from './create-journal.ts'
import { allEnded, countingEnds } from './history.ts'
import { startRunner } from './start-runner.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

describe.each(testBrokers())('Records of other clients, on $name', ({ start }) => {
  const type = workType('foreign')
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test('an Avro value and nothing else is a task: its id comes from its position, through retries too', async () => {
    const journal = createJournal()
    const agent = workAgent(type, journal, { retry: { delays: ['1s'], tiers: ['1s'] } })
    await using fleet = await TestFleet.start(broker, [agent])
    await using _runner = await startRunner(fleet, journal)
    const bare = async (n: number, partition: number, failAttempts = 0): Promise<Published> => {
      const value = await fleet.encode(type, work(n, { failAttempts }))
      const { topic, ...position } = await fleet.sendRaw(type, { key: null, value, headers: {} }, partition)
      const taskId = idOfRecord(topic, position.partition, position.offset)
      return { kind: 'published', taskId, key: null, n, topic, ...position, atMs: Date.now() }
    }
    const first = await bare(0, 0)
    const second = await bare(1, 2)
    const retried = await bare(2, 2, 1)
    const published = [first, second, retried]
    await allEnded(fleet, type, published)
    const history = await fleet.history(type, published, journal)
    assertKept(noDuplicates(history), ...everyPromise(history, { delaysMs: [1_000] }))
    const records = await fleet.ends(type)
    expect(records).toHaveLength(3)
    const ends = countingEnds(records)
    for (const { taskId, topic, partition, offset } of published) {
      const attempts = taskId === retried.taskId ? 2 : 1
      const origin = { topic, partition, offset }
      expect(ends.get(`${taskId}/1`)).toMatchObject({ end: 'succeeded', attempts, origin })
    }
    const [moved] = await fleet.records(topicNames(type.type, fleet.namespace).retry(1_000))
    expect(moved?.key?.toString()).toBe(retried.taskId)
    expect(headerText(moved?.headers ?? {}, HEADER.ceId)).toBe(retried.taskId)
  })
})
