import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lane } from '../src/lanes.ts'
import { RunningSlots } from '../src/running-slots.ts'
import { TaskSlot } from '../src/task-slot.ts'
import { TP, taskRecord } from './partition-bench.ts'

function slotAt(offset: number): TaskSlot {
  return new TaskSlot({
    tp: TP,
    record: taskRecord(offset),
    envelope: { taskId: String(offset), key: null, life: 1, attempt: 1, origin: { ...TP, offset }, queuedAtMs: 0 },
    lane: new Lane(''),
    bytes: 0,
    mayHaveRun: false,
    spentInPlace: 0,
    inheritedAtMs: undefined,
  })
}

test('in whatever order slots come and go, those that are here are interrupted, each once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5)), (steps) => {
      const slots = Array.from({ length: 6 }, (_, offset) => slotAt(offset))
      const running = new RunningSlots()
      const expected = new Set<number>()
      const interrupted: number[] = []
      for (const offset of steps) {
        const slot = slots[offset] as TaskSlot
        if (expected.delete(offset)) running.delete(slot)
        else {
          running.add(slot, { interrupt: () => interrupted.push(offset) })
          expected.add(offset)
        }
        expect(running.count).toBe(expected.size)
      }
      expect(running.interrupt('lost')).toBe(expected.size)
      expect(interrupted.toSorted()).toEqual([...expected].toSorted())
    }),
  )
})

test('a slot that does not run can be deleted, and one that settles while all are interrupted misses nobody', () => {
  const [first, second, third] = [slotAt(0), slotAt(1), slotAt(2)]
  const running = new RunningSlots()
  running.delete(first)
  const interrupted: number[] = []
  for (const slot of [first, second, third]) {
    running.add(slot, {
      interrupt: () => {
        interrupted.push(slot.record.offset)
        running.delete(slot)
      },
    })
  }
  running.interrupt('drain')
  running.delete(second)
  expect(interrupted).toEqual([0, 1, 2])
  expect(running.count).toBe(0)
})
