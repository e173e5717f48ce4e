import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InFlightWindow } from '../src/in-flight-window.ts'

test('never more under way than allowed, in number and in bytes, except one that is larger than all', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.record({ bytes: fc.nat({ max: 150 }), ticks: fc.nat({ max: 4 }), fails: fc.boolean() }), {
        maxLength: 40,
      }),
      async (maxCount, maxBytes, works) => {
        const window = new InFlightWindow(maxCount, maxBytes)
        let count = 0
        let bytes = 0
        for (const work of works) {
          await window.room(work.bytes)
          void window
            .run(work.bytes, async () => {
              count += 1
              bytes += work.bytes
              expect(count).toBeLessThanOrEqual(maxCount)
              if (count > 1) expect(bytes).toBeLessThanOrEqual(maxBytes)
              for (let tick = 0; tick < work.ticks; tick += 1) await Promise.resolve()
              count -= 1
              bytes -= work.bytes
              if (work.fails) throw new Error('failed')
            })
            .catch((thrown: Error) => expect(thrown.message).toBe('failed'))
        }
        await window.empty()
        expect(count).toBe(0)
      },
    ),
  ))
