import { expect, test } from 'vitest'
import type { KafkajsInternals } from '../../../src/kafkajs/kafkajs-internals.ts'
import { BOTH } from '../pristine-kafkajs.ts'

interface Group {
  memberId: string | null
  offsetManager: object
  subscriptionState: { assign(partitions: object[]): void }
  fetch(nodeId: string): Promise<unknown[]>
  pause(partitions: object[]): void
  resume(partitions: object[]): void
}

const MAX_WAIT_MS = 400
const ASSIGNMENT = [{ topic: 'topic', partitions: [0, 1] }]

/** kafkajs's consumer group as a member with two assigned partitions on node 1; only its cluster is a stand-in. */
function memberOf({ ConsumerGroup, createLogger }: KafkajsInternals): Group {
  const Group = ConsumerGroup as unknown as new (options: object) => Group
  const partitions = [0, 1].map((partitionId) => ({ partitionId, leader: 1 }))
  const group = new Group({
    cluster: { refreshMetadataIfNecessary: () => Promise.resolve(), findTopicPartitionMetadata: () => partitions },
    groupId: 'group',
    topics: ['topic'],
    topicConfigurations: {},
    assigners: [],
    maxWaitTimeInMs: MAX_WAIT_MS,
    logger: createLogger({ level: 0, logCreator: () => () => undefined }),
  })
  group.memberId = 'member'
  group.offsetManager = { resolveOffsets: () => Promise.resolve(), committedOffsets: () => ({ topic: {} }) }
  group.subscriptionState.assign(ASSIGNMENT)
  return group
}

test.each(BOTH)('resume ends the turn in which everything is paused (patched: $patched)', async ({ patched, load }) => {
  const group = memberOf(load())
  group.pause(ASSIGNMENT)
  const startedAt = performance.now()
  const turn = group.fetch('1')
  setTimeout(() => group.resume([{ topic: 'topic', partitions: [0] }]), 50)
  expect(await turn).toEqual([])
  const tookMs = performance.now() - startedAt
  if (patched) expect(tookMs).toBeLessThan(MAX_WAIT_MS / 2)
  else expect(tookMs).toBeGreaterThanOrEqual(MAX_WAIT_MS - 5)
})

test.each(BOTH)('a turn without a membership goes back to the join (patched: $patched)', async ({ patched, load }) => {
  const group = memberOf(load())
  group.memberId = null // what kafkajs leaves behind when the join after UNKNOWN_MEMBER_ID fails
  group.pause(ASSIGNMENT)
  if (patched) await expect(group.fetch('1')).rejects.toMatchObject({ type: 'UNKNOWN_MEMBER_ID' })
  else expect(await group.fetch('1')).toEqual([])
})
