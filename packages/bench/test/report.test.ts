import { expect, test } from 'vitest'
import type { Bench, BenchResult } from '../src/bench.ts'
import { atLeast, atMost } from '../src/measure/bar.ts'
import { reportOf } from '../src/measure/contender-report.ts'
import { benchDocument } from '../src/report/bench-document.ts'
import { benchTable } from '../src/report/bench-table.ts'

const bench: Bench = {
  name: 'drain',
  summary: 'a summary',
  defaults: { records: 1_000, rounds: 3 },
  batchSizes: { 'records of a send': 500 },
  run: () => Promise.reject(new Error('not run here')),
}
const broker = { kind: 'kafka', description: 'Apache Kafka 4.3.1' }

function resultWith(more: Partial<BenchResult>, lost = 0): BenchResult {
  const delivery = { expected: 1_000, lost, duplicated: 0, unknown: 0 }
  const towline = reportOf([{ ms: 500, cpuMs: 40, delivery }], 1_000)
  return { contenders: { towline }, ratios: {}, bars: [], ...more }
}

test.each([
  [atLeast('a', 1, 1), true],
  [atLeast('a', 0.99, 1), false],
  [atLeast('a', Number.NaN, 1), false],
  [atMost('a', 2, 2), true],
  [atMost('a', 2.01, 2), false],
  [atMost('a', Number.NaN, 2), false],
])('%j holds: %s', (bar, ok) => {
  expect(bar.ok).toBe(ok)
  const document = benchDocument(bench, bench.defaults, [{ broker, result: resultWith({ bars: [bar] }) }])
  expect(document.ok).toBe(ok)
  expect(document.bars[0]).toEqual({ ...bar, broker: 'kafka' })
})

test('a task that was lost falls short of the bar that every bench has', () => {
  const document = benchDocument(bench, bench.defaults, [{ broker, result: resultWith({}, 3) }])
  expect(document.ok).toBe(false)
  expect(document.bars).toMatchObject([{ name: 'tasksNotDeliveredExactlyOnce', value: 3, bound: 0, ok: false }])
})

test('a document says what was compared, on what, in which batches', () => {
  const { versions, batchSizes, machine } = benchDocument(bench, bench.defaults, [])
  expect(Object.keys(versions)).toEqual(['node', 'towline', 'kafkajs', 'bullmq'])
  expect(Object.values(versions).every((version) => /^\d+\.\d+\.\d+$/.test(version))).toBe(true)
  expect(batchSizes).toEqual(bench.batchSizes)
  expect(machine.cpus).toMatch(/^\d+ × /)
})

test('a table has a line per contender and per bar, in columns of one width', () => {
  const result = resultWith({ bars: [atLeast('ratioToPlainLoop', 0.9, 1)], notes: ['BullMQ is left out'] })
  const text = benchTable(benchDocument(bench, bench.defaults, [{ broker, result }]))
  const lines = text.split('\n')
  expect(lines).toContain('| broker | contender |  ms | records per second | cpu micros per record |')
  expect(lines).toContain('| kafka  | towline   | 500 |              2,000 |                    40 |')
  expect(lines.find((line) => line.includes('ratio to plain loop'))).toMatch(/\| +0\.9 \| +≥ 1 \| SHORT \|$/)
  expect(text).toContain('Note: BullMQ is left out.')
  expect(text).toContain('1,000 tasks, medians of 3 rounds')
})
