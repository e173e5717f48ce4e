import { describe, expect, test } from 'vitest'
import { type AgentTopicsQuery, findConsumedTopics, requireAgent } from '../src/progress/agent-topics.ts'

const cluster = [
  'orders.tasks',
  'orders.retry.1h',
  'orders.retry.5s',
  'orders.replay',
  'orders.dlq',
  'orders.results',
  'bills.tasks',
  'prod.orders.tasks',
  'towline.control',
  'somebody-elses-topic',
]
const admin = { topicNames: async () => cluster }

function find(query: Partial<AgentTopicsQuery>) {
  return findConsumedTopics(admin, { namespace: undefined, configured: [], wanted: [], ...query })
}

describe('consumed topics', () => {
  test('are tasks, tiers by delay and replay, of every agent of the namespace', async () => {
    const topics = (await find({})).map(({ topic }) => topic)
    expect(topics).toEqual(['bills.tasks', 'orders.tasks', 'orders.retry.5s', 'orders.retry.1h', 'orders.replay'])
    expect((await find({ namespace: 'prod' })).map(({ topic }) => topic)).toEqual(['prod.orders.tasks'])
  })

  test('are narrowed to the agents that are wanted', async () => {
    expect((await find({ wanted: ['bills'] })).map(({ topic }) => topic)).toEqual(['bills.tasks'])
  })

  test('an agent nobody knows is told from one without topics', async () => {
    await expect(find({ wanted: ['bils'] })).rejects.toMatchObject({
      code: 'TOWLINE_AGENT_UNKNOWN',
      message: expect.stringContaining('Choose one of: bills, orders'),
    })
    await expect(find({ wanted: ['fresh'], configured: ['fresh'] })).rejects.toMatchObject({
      code: 'TOWLINE_TOPIC_MISSING',
      message: expect.stringContaining('topic fresh.tasks does not exist. Create it by towline topics apply'),
    })
  })
})

describe('requiring an agent', () => {
  const query = { namespace: undefined, configured: ['fresh'] }

  test('accepts what is configured and what has any topic', async () => {
    await expect(requireAgent(admin, 'fresh', query)).resolves.toBeUndefined()
    await expect(requireAgent(admin, 'orders', query)).resolves.toBeUndefined()
  })

  test('refuses what is neither, also in another namespace', async () => {
    await expect(requireAgent(admin, 'order', query)).rejects.toMatchObject({ code: 'TOWLINE_AGENT_UNKNOWN' })
    await expect(requireAgent(admin, 'bills', { ...query, namespace: 'prod' })).rejects.toMatchObject({
      code: 'TOWLINE_AGENT_UNKNOWN',
    })
  })
})
