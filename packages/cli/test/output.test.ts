import { PassThrough } from 'node:stream'
import { TowlineError } from '@towline/contracts'
import { afterEach, describe, expect, test } from 'vitest'
import type { CliIo } from '../src/cli-io.ts'
import { momentMs } from '../src/input/parse-option.ts'
import { cell, formatBytes, formatCount, formatMoment, formatSpan, plural } from '../src/output/format-value.ts'
import { createOutput, type OutputFormat } from '../src/output/output.ts'
import { printable, printableLines } from '../src/output/printable.ts'
import { createProgress } from '../src/output/progress.ts'
import { type Column, renderFields, renderTable } from '../src/output/table.ts'
import { errorLine, printError } from '../src/print-error.ts'
import { fakeIo } from './fake-io.ts'

interface Fruit {
  readonly name: string
  readonly count: number
}

const columns: readonly Column<Fruit>[] = [
  { title: 'name', value: ({ name }) => name },
  { title: 'count', align: 'right', value: ({ count }) => String(count) },
]
const fruit = [
  { name: 'apple', count: 5 },
  { name: 'りんご', count: 1_234 },
]

describe('a table', () => {
  test('has a title line, two spaces between columns, numbers to the right, wide characters as two', () => {
    expect(renderTable(columns, fruit)).toBe('NAME    COUNT\napple       5\nりんご   1234\n')
  })

  test('of fields leaves out what is absent and indents what has lines', () => {
    expect(
      renderFields([
        ['id', 'x'],
        ['tenant', undefined],
        ['payload', 'one\ntwo'],
      ]),
    ).toBe('id       x\npayload  one\n         two\n')
  })
})

describe('output', () => {
  function listed(format: OutputFormat, rows: readonly Fruit[] = fruit): string {
    const io = fakeIo()
    createOutput(io, format).list({ name: 'fruit', rows, columns, facts: { total: 2 }, whenEmpty: 'No fruit.' })
    return io.written.stdout
  }

  test('json is one document with rows and facts', () => {
    expect(JSON.parse(listed('json'))).toEqual({ schemaVersion: 1, fruit, total: 2 })
  })

  test('jsonl is one document per row', () => {
    const lines = listed('jsonl').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(fruit.map((row) => ({ schemaVersion: 1, ...row })))
  })

  test('without rows a table says so; json has an empty list and jsonl no line', () => {
    expect(listed('table', [])).toBe('No fruit.\n')
    expect(JSON.parse(listed('json', []))).toEqual({ schemaVersion: 1, fruit: [], total: 2 })
    expect(listed('jsonl', [])).toBe('')
  })

  test('bytes are base64, a bigint is text, milliseconds are whole', () => {
    const io = fakeIo()
    createOutput(io, 'json').document({ value: Buffer.from('hi'), big: 2n ** 60n, elapsedMs: 10.6, rate: 0.5 }, '')
    expect(JSON.parse(io.written.stdout)).toMatchObject({
      value: 'aGk=',
      big: '1152921504606846976',
      elapsedMs: 11,
      rate: 0.5,
    })
  })
})

describe('text of others', () => {
  test('cannot move the cursor, forge a line or turn the writing direction round', () => {
    expect(printable('a\u001b[2Jb\nc\u202ed\u0007')).toBe('a [2Jb c d')
    expect(printableLines('a\r\n\tb\u001b[1A')).toBe('a\n  b [1A')
  })

  test('is cut with a mark', () => {
    expect(printable('abcdef', 4)).toBe('abc…')
    expect(cell('abcdef', 10)).toBe('abcdef')
    expect([cell(null), cell(undefined), cell(''), cell(1_234)]).toEqual(['-', '-', '-', '1,234'])
  })
})

test('values for people', () => {
  expect([0, 840, 1_000, 65_000, 3_600_000, 93_784_000].map(formatSpan)).toEqual([
    '0ms',
    '840ms',
    '1s',
    '1m 5s',
    '1h',
    '1d 2h',
  ])
  expect(formatSpan(Number.POSITIVE_INFINITY)).toBe('-')
  expect([0, 1_023, 1_024, 1_572_864].map(formatBytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '1.5 MiB'])
  expect([plural(1, 'task'), plural(2_000, 'task'), formatCount(0)]).toEqual(['1 task', '2,000 tasks', '0'])
})

describe('a moment for people', () => {
  const { TZ } = process.env
  afterEach(() => {
    if (TZ === undefined) delete process.env['TZ']
    else process.env['TZ'] = TZ
  })

  test.each([
    ['UTC', '2026-05-01 12:00:00Z'],
    ['Europe/Berlin', '2026-05-01 14:00:00+02:00'],
    ['America/New_York', '2026-05-01 08:00:00-04:00'],
    ['Asia/Kathmandu', '2026-05-01 17:45:00+05:45'],
    ['America/St_Johns', '2026-05-01 09:30:00-02:30'],
  ])('in %s is %s, and flags take it back', (zone, text) => {
    process.env['TZ'] = zone
    const atMs = Date.parse('2026-05-01T12:00:00Z')
    expect(formatMoment(atMs + 900)).toBe(text)
    expect(momentMs(() => 0)(text)).toBe(atMs)
  })

  test('that is none is a dash', () => expect(formatMoment(null)).toBe('-'))
})

describe('an error', () => {
  const error = new TowlineError('TOWLINE_TOPIC_MISSING', 'topic digest.tasks\ndoes not exist', {
    value: 'digest.tasks',
    wayOut: 'Create it by towline topics apply',
    cause: new Error('the reason behind'),
  })

  test('is one line: code, message, way out', () => {
    const io = fakeIo()
    printError(io, error, false)
    expect(io.written.stderr).toBe(
      'error: TOWLINE_TOPIC_MISSING: topic digest.tasks does not exist. Create it by towline topics apply\n',
    )
  })

  test('shows its stack and causes only when asked', () => {
    const io = fakeIo()
    printError(io, error, true)
    expect(io.written.stderr).toMatch(/\n {4}at /)
    expect(io.written.stderr).toContain('caused by Error: the reason behind')
  })

  test('that nobody foresaw says what to do', () => {
    expect(errorLine(new TypeError('x is undefined'))).toBe(
      'unexpected TypeError: x is undefined. Towline did not foresee this: run again with --verbose for the stack, and report it',
    )
    expect(errorLine('just text')).toMatch(/^unexpected just text\./)
    expect(errorLine(undefined)).toMatch(/^unexpected undefined\./)
  })
})

describe('a progress bar', () => {
  function drawn(isTTY: boolean, isWanted: boolean): string {
    const stream = new PassThrough() as unknown as CliIo['stderr'] & { isTTY: boolean }
    stream.isTTY = isTTY
    Object.assign(stream, { cursorTo: () => true, clearLine: () => true, moveCursor: () => true, columns: 100 })
    const progress = createProgress({ ...fakeIo(), stderr: stream }, isWanted, 'redrive', 10)
    progress.update(4)
    progress.stop()
    return String((stream as unknown as PassThrough).read() ?? '')
  }

  test('is drawn on a terminal, with rate and time left', () => {
    expect(drawn(true, true)).toMatch(/redrive .*\d+% \| \d+\/10 \| \d+\/s/)
  })

  test('is not drawn when stderr is piped, or nobody wants it', () => {
    expect(drawn(false, true)).toBe('')
    expect(drawn(true, false)).toBe('')
  })
})
