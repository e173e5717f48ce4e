import type { FreshAssignment } from '@towline/kafka'
import { VirtualClock } from '@towline/kafka/memory'
import { expect, test } from 'vitest'
import { HistoryLookUp } from '../src/history-look-up.ts'
import type { PartitionHistory } from '../src/partition-history.ts'

const GROUP = 'towline.digest.tasks'
const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

function assignmentOf(partition: number): FreshAssignment {
  const tp = { topic: 'digest.tasks', partition }
  return { tp, committed: null, metadata: '', logStart: 0, logEnd: 10 }
}

/** A look-up whose history cannot be read while `isOut`. */
function lookUpOf() {
  const clock = new VirtualClock()
  const held = new Set<FreshAssignment>()
  const begun: number[] = []
  const asked: number[][] = []
  const state = { isOut: false }
  const judge = async (_group: string, assignments: readonly FreshAssignment[]) => {
    asked.push(assignments.map(({ tp }) => tp.partition))
    if (state.isOut) throw new Error('no broker answers')
    return assignments.map(() => 'begin' as const)
  }
  const lookUp = new HistoryLookUp({
    groupId: GROUP,
    history: { judge } as unknown as PartitionHistory,
    clock,
    log: silent,
    isHeld: (assignment) => held.has(assignment),
    onVerdict: ({ partition }) => begun.push(partition),
  })
  const assign = (partition: number): FreshAssignment => {
    const assignment = assignmentOf(partition)
    held.add(assignment)
    return assignment
  }
  return { clock, held, begun, asked, state, lookUp, assign }
}

test('a look-up that fails is repeated, for those alone that are still held', async () => {
  const { clock, held, begun, asked, state, lookUp, assign } = lookUpOf()
  const [first, second] = [assign(0), assign(1)]
  state.isOut = true
  lookUp.start([first, second])
  await clock.advance(0)
  held.delete(first)
  state.isOut = false
  await clock.advance(1_000)
  expect(asked).toEqual([[0, 1], [1]])
  expect(begun).toEqual([1])
  expect(clock.pending).toBe(0)
})

test('a partition that was lost, or assigned anew, while it was looked up is told nothing', async () => {
  const { clock, held, begun, lookUp, assign } = lookUpOf()
  const former = assign(0)
  lookUp.start([former])
  held.delete(former)
  assign(0)
  await clock.advance(0)
  expect(begun).toEqual([])
})

test('where no history matters nobody is asked', async () => {
  const { clock, asked, lookUp } = lookUpOf()
  lookUp.start([])
  await clock.advance(0)
  expect(asked).toEqual([])
})
