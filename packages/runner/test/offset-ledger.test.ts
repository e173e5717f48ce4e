import { decodeCommitNote, encodeCommitNote } from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OffsetLedger } from '../src/offset-ledger.ts'

function ledgerWith(offsets: readonly number[], base = offsets[0] ?? 0): OffsetLedger {
  const ledger = new OffsetLedger(base, null)
  for (const offset of offsets) ledger.admit(offset)
  ledger.advance((offsets.at(-1) ?? base - 1) + 1)
  return ledger
}

/** What a new owner would start with after this commit: through the bytes of the note. */
function takenOver(ledger: OffsetLedger): OffsetLedger {
  const state = ledger.state()
  const text = encodeCommitNote({ ...state, clean: false, owner: 1, hash: 2, hashIsBelowBase: false })
  return new OffsetLedger(state.base, decodeCommitNote(text))
}

describe('offset ledger', () => {
  test('holds the committable offset at the first unfinished task', () => {
    const ledger = ledgerWith([10, 11, 12])
    ledger.finish(11)
    expect(ledger.committable).toBe(10)
    ledger.finish(10)
    expect(ledger.committable).toBe(12)
    ledger.finish(12)
    expect(ledger.committable).toBe(13)
  })

  test('counts offsets Kafka never delivered as done', () => {
    const ledger = ledgerWith([5, 9, 20])
    ledger.finish(5)
    expect(ledger.committable).toBe(9)
    ledger.finish(9)
    ledger.finish(20)
    expect(ledger.committable).toBe(21)
    ledger.advance(30)
    expect(ledger.committable).toBe(30)
  })

  test('tells a new owner what finished out of order, the last finished included', () => {
    const ledger = ledgerWith([0, 1, 2, 3, 4])
    ledger.finish(1)
    ledger.finish(3)
    const next = takenOver(ledger)
    expect([0, 1, 2, 3, 4].map((offset) => next.admit(offset).kind)).toEqual([
      'run',
      'finished',
      'run',
      'finished',
      'run',
    ])
  })

  test('keeps attempts spent in place and the started mark across a take-over', () => {
    const ledger = ledgerWith([0, 1])
    ledger.start(0)
    ledger.stopped(0, 2)
    ledger.start(1)
    const next = takenOver(ledger)
    expect(next.admit(0)).toEqual({ kind: 'run', attempts: 2, started: false })
    expect(next.admit(1)).toEqual({ kind: 'run', attempts: 0, started: true })
  })

  test('L6: a task that is put off keeps the mark of an owner before, until it has started here', () => {
    const unfinished = [{ offset: 0, attempts: 1, deliveries: 0, started: true }]
    const ledger = new OffsetLedger(0, { base: 0, end: 1, unfinished })
    ledger.admit(0)
    ledger.stopped(0, 1)
    expect(ledger.state().unfinished).toEqual(unfinished)
    ledger.start(0)
    ledger.stopped(0, 2)
    expect(ledger.state().unfinished).toEqual([{ offset: 0, attempts: 2, deliveries: 0, started: false }])
  })

  test('keeps what the note taken over says of offsets it has not read yet', () => {
    const ledger = ledgerWith([0, 1, 2, 3, 4, 5, 6])
    for (const offset of [1, 2, 4, 5]) ledger.finish(offset)
    const second = takenOver(ledger)
    second.admit(0)
    second.advance(1)
    second.finish(0)
    const third = takenOver(second)
    expect([1, 2, 3, 4, 5, 6].map((offset) => third.admit(offset).kind)).toEqual([
      'finished',
      'finished',
      'run',
      'finished',
      'finished',
      'run',
    ])
  })

  test('passes over a listed offset that compaction took before it was read again', () => {
    const ledger = ledgerWith([0, 1, 2])
    ledger.finish(2)
    const next = takenOver(ledger)
    next.admit(0)
    next.advance(3)
    next.finish(0)
    expect(next.committable).toBe(3)
  })

  test('has no room for one more start when the note would overflow, and has again when the pin is gone', () => {
    const ledger = new OffsetLedger(0, null)
    let offset = 0
    ledger.admit(offset)
    for (let hasRoom = true; hasRoom && offset < 200_000; ) {
      offset += 1
      ledger.admit(offset)
      ledger.advance(offset + 1)
      hasRoom = ledger.hasRoomFor(offset)
      if (hasRoom) ledger.start(offset)
      if (hasRoom && offset % 2 === 0) ledger.finish(offset)
    }
    expect(offset).toBeLessThan(200_000)
    expect(ledger.unfinishedCount).toBeGreaterThan(700)
    expect(() => takenOver(ledger)).not.toThrow()
    for (let each = 0; each < offset; each += 1) ledger.finish(each)
    expect(ledger.hasRoomFor(offset)).toBe(true)
  })

  test('what was only read takes no room, however much that is', () => {
    const ledger = new OffsetLedger(0, null)
    for (let offset = 0; offset < 100_000; offset += 1) ledger.admit(offset)
    ledger.advance(100_000)
    for (let offset = 0; offset < 100_000; offset += 1) {
      if (!ledger.hasRoomFor(offset)) throw new Error(`no room for ${offset}`)
      ledger.start(offset)
      if (offset >= 500) ledger.finish(offset - 500)
    }
    expect(ledger.committable).toBe(99_500)
  })

  test('L5: whatever starts and finishes in whatever order, the note fits, and the lowest unfinished offset may start', () => {
    const choices = fc.array(fc.nat(100_000), { minLength: 4_000, maxLength: 4_000 })
    fc.assert(
      fc.property(
        choices,
        fc.integer({ min: 1, max: 2_000 }),
        fc.integer({ min: 1, max: 60_000 }),
        (picks, most, read) => {
          let ledger = new OffsetLedger(0, null)
          for (let offset = 0; offset < read; offset += 1) ledger.admit(offset)
          ledger.advance(read)
          let running: number[] = []
          const finished = new Set<number>()
          for (const [step, pick] of picks.entries()) {
            const wanted = pick % read
            const offset = ledger.hasRoomFor(wanted) ? wanted : ledger.committable
            expect(ledger.hasRoomFor(offset)).toBe(true)
            if (offset < read && !finished.has(offset) && !running.includes(offset)) {
              ledger.start(offset)
              running.push(offset)
            }
            if (running.length > most || pick % 3 === 0) {
              const [done] = running.splice(pick % running.length, 1)
              if (done !== undefined) {
                ledger.finish(done)
                finished.add(done)
              }
            }
            if (step % 500 === 0) expect(() => takenOver(ledger)).not.toThrow()
            if (step === 2_500) {
              ledger = takenOver(ledger)
              for (let admitted = ledger.position; admitted < read; admitted += 1) ledger.admit(admitted)
              ledger.advance(read)
              running = []
            }
          }
        },
      ),
      { numRuns: 15 },
    )
  })

  type Step = { readonly kind: 'read' | 'start' | 'finish' | 'crash'; readonly pick: number }
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.record({
      kind: fc.constantFrom(
        'read' as const,
        'read' as const,
        'start' as const,
        'finish' as const,
        'finish' as const,
        'crash' as const,
      ),
      pick: fc.nat(1_000),
    }),
    { maxLength: 200 },
  )

  test('L1 to L4: no order of completions, gaps and take-overs loses an offset or runs a committed finish again', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.boolean(), { minLength: 300, maxLength: 300 }), (history, exists) => {
        const finished = new Set<number>()
        let ledger = new OffsetLedger(0, null)
        let running: number[] = []
        let lastCommittable = 0
        for (const { kind, pick } of history) {
          if (kind === 'read') {
            for (let count = 0; count < (pick % 5) + 1; count += 1) {
              const offset = ledger.position
              if (offset >= exists.length) break
              if (exists[offset] === true) {
                const admitted = ledger.admit(offset)
                expect(admitted.kind).toBe(finished.has(offset) ? 'finished' : 'run')
                if (admitted.kind === 'run') running.push(offset)
              }
              ledger.advance(offset + 1)
            }
          } else if (kind === 'start' && running.length > 0) {
            ledger.start(running[pick % running.length] as number)
          } else if (kind === 'finish' && running.length > 0) {
            const [offset] = running.splice(pick % running.length, 1)
            ledger.finish(offset as number)
            finished.add(offset as number)
          } else if (kind === 'crash') {
            ledger = takenOver(ledger)
            running = []
          }
          const { committable } = ledger
          expect(committable).toBeGreaterThanOrEqual(lastCommittable)
          lastCommittable = committable
          for (let offset = 0; offset < committable; offset += 1) {
            expect(exists[offset] !== true || finished.has(offset)).toBe(true)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

test('what is held at an offset stays until the offset is finished or turns out to be a gap', () => {
  const ledger = new OffsetLedger<string>(0, {
    base: 0,
    end: 3,
    unfinished: [{ offset: 1, attempts: 0, deliveries: 0, started: true }],
  })
  ledger.hold(7, 'not admitted')
  for (const offset of [3, 4, 5]) {
    ledger.admit(offset)
    ledger.hold(offset, `task ${offset}`)
  }
  ledger.finish(4)
  expect([3, 4, 5, 7].map((offset) => ledger.taskAt(offset))).toEqual(['task 3', undefined, 'task 5', undefined])
  expect([...ledger.tasks()]).toEqual(['task 3', 'task 5'])
})
