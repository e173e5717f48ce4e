import { TowlineError } from '@towline/contracts'
import { describe, expect, test } from 'vitest'
import type { NdjsonLine } from '../src/input/ndjson-reader.ts'
import { untilAborted } from '../src/input/until-aborted.ts'
import { type LineOutcome, publishLines } from '../src/publish/publish-lines.ts'

async function* linesOf(count: number): AsyncGenerator<NdjsonLine> {
  for (let line = 1; line <= count; line += 1) yield { kind: 'value', line, value: line }
}

const broken = (line: number) => new TowlineError('TOWLINE_SCHEMA_MISMATCH', `line ${line}`)
const out = () => new TowlineError('TOWLINE_REGISTRY_UNAVAILABLE', 'out')

describe('publishing lines', () => {
  test('tells every outcome in the order of the lines, whatever order they settle in', async () => {
    const told: number[] = []
    const summary = await publishLines<number>(linesOf(50), {
      publish: async (_value, line) => {
        await new Promise((resolve) => setTimeout(resolve, (line * 7) % 5))
        return line
      },
      hasRoom: () => true,
      onOutcome: ({ line }) => told.push(line),
    })
    expect(told).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
    expect(summary).toEqual({ done: 50, failed: 0, firstError: undefined, stoppedAfterLine: null })
  })

  test('tells an outcome while the next line has not come yet', async () => {
    const told: LineOutcome<number>[] = []
    let sawBoth = false
    async function* slowly(): AsyncGenerator<NdjsonLine> {
      yield* linesOf(2)
      await expect.poll(() => told.length).toBe(2)
      sawBoth = true
    }
    await publishLines<number>(slowly(), {
      publish: async (_value, line) => line,
      hasRoom: () => true,
      onOutcome: (outcome) => told.push(outcome),
    })
    expect(sawBoth).toBe(true)
  })

  test('goes on after a bad line, and keeps the first error', async () => {
    const first = broken(2)
    const summary = await publishLines<number>(linesOf(5), {
      publish: async (_value, line) => {
        if (line === 2) throw first
        if (line === 4) throw broken(4)
        return line
      },
      hasRoom: () => true,
      onOutcome: () => undefined,
    })
    expect(summary).toEqual({ done: 3, failed: 2, firstError: first, stoppedAfterLine: null })
  })

  test('stops reading at an error of the cluster: the first line alone pays for an outage', async () => {
    let asked = 0
    const summary = await publishLines<number>(linesOf(1_000), {
      publish: async () => {
        asked += 1
        throw out()
      },
      hasRoom: () => true,
      onOutcome: () => undefined,
    })
    expect(asked).toBe(1)
    expect(summary).toMatchObject({ done: 0, failed: 1, stoppedAfterLine: 1 })
  })

  test('never has more under way than its window, nor more than one without room', async () => {
    let underWay = 0
    let most = 0
    const options = {
      publish: async (_value: unknown, line: number) => {
        underWay += 1
        most = Math.max(most, underWay)
        await new Promise((resolve) => setTimeout(resolve, 0))
        underWay -= 1
        return line
      },
      onOutcome: () => undefined,
    }
    await publishLines<number>(linesOf(3_000), { ...options, hasRoom: () => true })
    expect(most).toBeGreaterThan(100)
    expect(most).toBeLessThanOrEqual(1_000)
    most = 0
    await publishLines<number>(linesOf(20), { ...options, hasRoom: () => false })
    expect(most).toBe(1)
  })
})

describe('a source until an interrupt', () => {
  test('gives what comes before it, and does not wait for what is idle', async () => {
    const interrupt = new AbortController()
    async function* idle(): AsyncGenerator<number> {
      yield 1
      await new Promise(() => undefined)
    }
    const seen: number[] = []
    for await (const item of untilAborted(idle(), interrupt.signal)) {
      seen.push(item)
      queueMicrotask(() => interrupt.abort())
    }
    expect(seen).toEqual([1])
  })

  test('gives nothing when it came before', async () => {
    const seen: number[] = []
    for await (const item of untilAborted(linesOf(3), AbortSignal.abort())) seen.push(item.line)
    expect(seen).toEqual([])
  })
})
