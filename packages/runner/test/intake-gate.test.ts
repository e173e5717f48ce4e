import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IntakeGate, type PauseCause } from '../src/intake-gate.ts'

test('is paused exactly while the set of causes is not empty, and says each turn once', () => {
  const causes: PauseCause[] = ['full', 'window', 'registry']
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...causes), fc.boolean())), (changes) => {
      let isPaused = false
      const gate = new IntakeGate(
        () => {
          expect(isPaused).toBe(false)
          isPaused = true
        },
        () => {
          expect(isPaused).toBe(true)
          isPaused = false
        },
      )
      const model = new Set<PauseCause>()
      for (const [cause, on] of changes) {
        gate.set(cause, on)
        if (on) model.add(cause)
        else model.delete(cause)
        expect(isPaused).toBe(model.size > 0)
        expect(gate.has(cause)).toBe(on)
      }
    }),
  )
})
