import { expect, test } from 'vitest'
import type { Disposition } from '../src/outcome-router.ts'
import { type PassOwner, TaskPass } from '../src/task-pass.ts'
import { PartitionBench, taskRecord } from './partition-bench.ts'

const PARKED: Disposition = { kind: 'parked', delayMs: 0 }

function passOf(more: Partial<PassOwner> = {}) {
  const bench = new PartitionBench()
  bench.deliver(taskRecord(0))
  const slot = bench.partition.take()
  if (slot === undefined) throw new Error('nothing to run')
  const told: string[] = []
  const owner: PassOwner = {
    onSettled: () => told.push('settled'),
    onRouted: (_, { kind }) => told.push(`routed ${kind}`),
    onOverdue: () => told.push('overdue'),
    onOver: (_, { kind }) => told.push(`over ${kind}`),
    onFailed: (_, error) => told.push(`failed ${(error as Error).message}`),
    ...more,
  }
  return { pass: new TaskPass(bench.partition, slot, false, owner), told }
}

test('a pass without a handler is over when it is routed', () => {
  const { pass, told } = passOf()
  pass.routed(PARKED)
  expect(told).toEqual(['routed parked', 'over parked'])
})

test('a pass whose handler settles first is over when it is routed', () => {
  const { pass, told } = passOf()
  pass.begins()
  pass.settled()
  pass.routed(PARKED)
  expect(told).toEqual(['settled', 'routed parked', 'over parked'])
  expect(pass.isOverdue).toBe(false)
})

test('a handler that goes on past its outcome and its time is overdue, told once, also where its partition was lost', () => {
  for (const kind of ['parked', 'left'] as const) {
    const { pass, told } = passOf()
    pass.begins()
    pass.routed(kind === 'parked' ? PARKED : { kind })
    expect(pass.isOverdue).toBe(false)
    pass.overdue()
    pass.overdue()
    expect(pass.isOverdue).toBe(true)
    pass.settled()
    expect(told).toEqual([`routed ${kind}`, 'overdue', 'settled', `over ${kind}`])
  }
})

test('a pass whose handler has settled is not overdue', () => {
  const { pass, told } = passOf()
  pass.begins()
  pass.settled()
  pass.overdue()
  expect(pass.isOverdue).toBe(false)
  expect(told).toEqual(['settled'])
})

test('W1: a pass fails once, after its handler has settled, and what is told afterwards changes nothing', () => {
  const { pass, told } = passOf()
  pass.begins()
  pass.failed(new Error('a defect'))
  pass.failed(new Error('another'))
  pass.routed(PARKED)
  expect(told).toEqual([])
  pass.settled()
  expect(told).toEqual(['settled', 'failed a defect'])
})

test('W2: an owner that throws where it is told an outcome makes the pass fail', () => {
  const { pass, told } = passOf({
    onRouted: () => {
      throw new Error('a listener')
    },
  })
  pass.routed(PARKED)
  expect(told).toEqual(['failed a listener'])
})
