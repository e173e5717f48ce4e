import { expect, test } from 'vitest'
import { Assignment } from '../../src/consuming/assignment.ts'

function member(memberId: string, generation: number): { memberId: string; generation: number } {
  return { memberId, generation }
}

function reading(assignment: Assignment): Assignment {
  for (const partition of assignment.all()) {
    partition.position = 7
    partition.pausedByDriver = false
  }
  return assignment
}

function joined(...partitions: number[]): Assignment {
  const assignment = new Assignment('topic')
  assignment.join(member('m', 1), partitions, 0)
  return reading(assignment)
}

const numbers = (partitions: readonly { tp: { partition: number } }[]) => partitions.map(({ tp }) => tp.partition)

test('A1: the next generation keeps what stays assigned, with its position and pauses', () => {
  const assignment = joined(0, 1, 2)
  const kept = assignment.get({ topic: 'topic', partition: 1 })
  const change = assignment.join(member('m', 2), [1, 3], 0)
  expect(change.lost).toEqual([
    { topic: 'topic', partition: 0 },
    { topic: 'topic', partition: 2 },
  ])
  expect(change.cause).toBe('rebalance')
  expect(change.kept).toEqual([kept])
  expect(numbers(change.fresh)).toEqual([3])
})

test('A1: joining the same generation again changes nothing', () => {
  const assignment = joined(0, 1)
  const change = assignment.join(member('m', 1), [0, 1], 0)
  expect(change.lost).toEqual([])
  expect(numbers(change.kept)).toEqual([0, 1])
})

test.each([
  ['a generation was missed', member('m', 3)],
  ['the coordinator has begun anew', member('m', 0)],
  ['it is another member', member('other', 2)],
])('A1: everything is lost and fresh when %s', (_, next) => {
  const assignment = joined(0, 1)
  const change = assignment.join(next, [0, 1], 0)
  expect(change.lost).toHaveLength(2)
  expect(change.cause).toBe('membership')
  expect(change.kept).toEqual([])
  expect(numbers(change.fresh)).toEqual([0, 1])
})

test('A2: what comes back has forgotten its position and pauses', () => {
  const assignment = joined(0)
  const before = assignment.get({ topic: 'topic', partition: 0 })
  if (before !== undefined) before.pausedByOwner = true
  assignment.join(member('m', 2), [], 0)
  const { fresh } = assignment.join(member('m', 3), [0], 5)
  expect(fresh).toEqual([
    { tp: { topic: 'topic', partition: 0 }, position: null, pausedByOwner: false, pausedByDriver: true, pausedAtMs: 5 },
  ])
})

test('A3: a partition whose owner never heard of it is not reported lost', () => {
  const assignment = new Assignment('topic')
  assignment.join(member('m', 1), [0, 1], 0)
  expect(assignment.join(member('m', 2), [1], 0).lost).toEqual([])
  expect(assignment.leave()).toEqual([])
})

test('leaving reports what was held, and every join and leave begins an epoch', () => {
  const assignment = joined(0, 1)
  const { epoch } = assignment
  expect(assignment.leave()).toHaveLength(2)
  expect(assignment.membership).toBeNull()
  expect(assignment.all()).toEqual([])
  expect(assignment.epoch).toBe(epoch + 1)
})

test('partitions of another topic are nobody', () => {
  expect(joined(0).get({ topic: 'other', partition: 0 })).toBeUndefined()
})
