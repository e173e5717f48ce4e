import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PartitionQueue, type PendingRecord, type SendGuard } from '../../src/sender/partition-queue.ts'

interface Numbered extends PendingRecord {
  readonly sequence: number
}

const tp = { topic: 'digest.tasks', partition: 0 }
const limits = { records: 3, bytes: 1_000 }

function pending(sequence: number, options: Partial<Numbered> = {}): Numbered {
  const record = { key: null, value: null, headers: {} }
  return { record, sequence, bytes: 10, expiresAtMs: Number.POSITIVE_INFINITY, guard: undefined, ...options }
}

function queueOf(...items: readonly Numbered[]): PartitionQueue<Numbered> {
  const queue = new PartitionQueue<Numbered>(tp)
  for (const item of items) queue.push(item)
  return queue
}

const sequences = (batch: readonly Numbered[]): readonly number[] => batch.map(({ sequence }) => sequence)

test('a batch holds no more records than the limit, in the order they came', () => {
  const queue = queueOf(pending(0), pending(1), pending(2), pending(3))
  expect(sequences(queue.take(limits).batch)).toEqual([0, 1, 2])
})

test('a batch holds no more bytes than the limit, but a single record of any size', () => {
  const queue = queueOf(pending(0, { bytes: 5_000 }), pending(1, { bytes: 600 }), pending(2, { bytes: 600 }))
  expect(sequences(queue.take(limits).batch)).toEqual([0])
  queue.finish()
  expect(sequences(queue.take(limits).batch)).toEqual([1])
})

test('nothing goes out while a batch is out', () => {
  const queue = queueOf(pending(0))
  queue.take(limits)
  queue.push(pending(1))
  expect(queue.isReady).toBe(false)
  expect(queue.take(limits).batch).toEqual([])
})

test('a failed batch is the next to go, before what was pushed meanwhile', () => {
  const queue = queueOf(pending(0), pending(1))
  queue.take(limits)
  queue.push(pending(2))
  queue.giveBack()
  expect(sequences(queue.take(limits).batch)).toEqual([0, 1, 2])
})

test('a record its guard holds stays, the others pass it, and it goes once poked', () => {
  let held = true
  const guard: SendGuard = () => (held ? 'hold' : 'send')
  const queue = queueOf(pending(0, { guard }), pending(1))
  expect(sequences(queue.take(limits).batch)).toEqual([1])
  queue.finish()
  expect(queue.take(limits).batch).toEqual([])
  held = false
  expect(queue.isReady).toBe(false)
  queue.poke()
  expect(sequences(queue.take(limits).batch)).toEqual([0])
})

test('a failed batch goes back to its place among held records', () => {
  let held = true
  const queue = queueOf(pending(0, { guard: () => (held ? 'hold' : 'send') }), pending(1), pending(2))
  expect(sequences(queue.take({ records: 1, bytes: 100 }).batch)).toEqual([1])
  queue.giveBack()
  held = false
  expect(sequences(queue.take(limits).batch)).toEqual([0, 1, 2])
})

test('a guard is asked again before the retry', () => {
  const answers: ('send' | 'drop')[] = ['send', 'drop']
  const queue = queueOf(pending(0, { guard: () => answers.shift() ?? 'send' }))
  expect(queue.take(limits).batch).toHaveLength(1)
  queue.giveBack()
  expect(queue.take(limits)).toMatchObject({ batch: [], dropped: [{ sequence: 0 }] })
  expect(queue.size).toBe(0)
})

test('a batch that was too large is halved until one record is left, and whole again after a success', () => {
  const queue = queueOf(...[0, 1, 2, 3, 4, 5].map((sequence) => pending(sequence)))
  const wide = { records: 4, bytes: 1_000 }
  expect(queue.take(wide).batch).toHaveLength(4)
  queue.giveBackHalved()
  expect(queue.take(wide).batch).toHaveLength(2)
  queue.giveBackHalved()
  expect(sequences(queue.take(wide).batch)).toEqual([0])
  queue.finish()
  expect(sequences(queue.take(wide).batch)).toEqual([1, 2, 3, 4])
})

test('what expires leaves, except a batch that is out', () => {
  const queue = queueOf(
    pending(0, { expiresAtMs: 10 }),
    pending(1, { expiresAtMs: 20 }),
    pending(2, { expiresAtMs: 30 }),
  )
  queue.take({ records: 1, bytes: 100 })
  expect(sequences(queue.expire(20))).toEqual([1])
  expect(queue.nextExpiryMs).toBe(30)
  queue.giveBack()
  expect(sequences(queue.expire(25))).toEqual([0])
})

type Step = 'push' | 'push-held' | 'take' | 'finish' | 'give-back' | 'halve' | 'poke' | 'release'
const steps = fc.array(
  fc.constantFrom<Step>('push', 'push-held', 'take', 'finish', 'give-back', 'halve', 'poke', 'release'),
  { maxLength: 60 },
)

/** Plays steps and ends with everything released and written; returns what was written and what was pushed. */
function play(plan: readonly Step[]): { written: Numbered[]; pushed: Numbered[]; heldOnce: Set<number> } {
  const queue = new PartitionQueue<Numbered>(tp)
  const written: Numbered[] = []
  const pushed: Numbered[] = []
  const heldOnce = new Set<number>()
  let isHolding = true
  const push = (guard: SendGuard | undefined): void => {
    const record = pending(pushed.length, { guard })
    pushed.push(record)
    queue.push(record)
  }
  const apply: Record<Step, () => void> = {
    push: () => push(undefined),
    'push-held': () => {
      const sequence = pushed.length
      push(() => {
        if (isHolding) heldOnce.add(sequence)
        return isHolding ? 'hold' : 'send'
      })
    },
    take: () => void queue.take(limits),
    finish: () => void written.push(...queue.finish()),
    'give-back': () => queue.giveBack(),
    halve: () => queue.giveBackHalved(),
    poke: () => queue.poke(),
    release: () => {
      isHolding = false
      queue.poke()
    },
  }
  for (const step of plan) apply[step]()
  apply.release()
  while (queue.size > 0) {
    apply.finish()
    apply.take()
  }
  return { written, pushed, heldOnce }
}

test('Q1, Q2: whatever fails on the way, records that no guard held back are written in the order they were pushed', () => {
  fc.assert(
    fc.property(steps, (plan) => {
      const { written, heldOnce } = play(plan)
      const free = sequences(written).filter((sequence) => !heldOnce.has(sequence))
      expect(free).toEqual([...free].sort((a, b) => a - b))
      const held = sequences(written).filter((sequence) => heldOnce.has(sequence))
      expect(held).toEqual([...held].sort((a, b) => a - b))
    }),
  )
})

test('Q3: every record pushed is written exactly once', () => {
  fc.assert(
    fc.property(steps, (plan) => {
      const { written, pushed } = play(plan)
      expect(sequences(written).toSorted((a, b) => a - b)).toEqual(sequences(pushed))
    }),
  )
})
