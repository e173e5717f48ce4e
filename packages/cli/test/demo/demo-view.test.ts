import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { createDemoView } from '../../src/demo/demo-view.ts'
import { fakeIo } from '../fake-io.ts'

const ESCAPE = String.fromCharCode(27)

/** A world whose stderr is a terminal of so many columns. */
function terminal(columns: number): ReturnType<typeof fakeIo> {
  const io = fakeIo()
  Object.assign(io.stderr, {
    isTTY: true,
    columns,
    cursorTo: (x: number) => io.stderr.write(`${ESCAPE}[${x + 1}G`),
    clearLine: () => io.stderr.write(`${ESCAPE}[2K`),
  })
  return io
}

const MOVES = new RegExp(`(\\n|${ESCAPE}\\[\\d+G|${ESCAPE}\\[\\d?K)`)

/** What a terminal shows in the end: a move to the first column forgets what stood there. */
function shown(written: string): string[] {
  const lines = ['']
  for (const part of written.split(MOVES)) {
    if (part === '\n') lines.push('')
    else if (part.startsWith(ESCAPE) && part.endsWith('G')) lines[lines.length - 1] = ''
    else lines[lines.length - 1] += stripVTControlCharacters(part)
  }
  return lines
}

test('numbers the acts and indents what is said', () => {
  const io = fakeIo()
  const view = createDemoView(io, false, true)
  view.act('First')
  view.say('something')
  view.act('Second')
  view.show(['line one', '', 'line two'])
  expect(io.written.stderr).toBe('\n1. First\n  something\n\n2. Second\n  line one\n\n  line two\n')
  expect(io.written.stdout).toBe('')
})

test('without a terminal tells progress at each quarter, once', () => {
  const io = fakeIo()
  const progress = createDemoView(io, false, true).progress(1_000)
  for (const done of [0, 249, 251, 260, 499, 800, 900, 1_000, 1_000]) {
    progress.update({ done, retries: Math.floor(done / 10), lag: 1_000 - done })
  }
  progress.stop()
  expect(io.written.stderr.split('\n')).toEqual([
    '  251 of 1,000 done, 25 retries, lag 749',
    '  800 of 1,000 done, 80 retries, lag 200',
    '  1,000 of 1,000 done, 100 retries, lag 0',
    '',
  ])
})

test('with bars forbidden a terminal gets quarters too', () => {
  const io = terminal(80)
  const progress = createDemoView(io, false, false).progress(4)
  progress.update({ done: 4, retries: 0, lag: 0 })
  progress.stop()
  expect(io.written.stderr).toBe('  4 of 4 done, 0 retries, lag 0\n')
})

test.each([60, 80, 120])('on a terminal of %i columns shows a bar, and leaves one line of it', (columns) => {
  const io = terminal(columns)
  const view = createDemoView(io, false, true)
  view.act('Work')
  const progress = view.progress(10_000)
  progress.update({ done: 5_000, retries: 1_234, lag: 12_345 })
  const bar = shown(io.written.stderr).at(-1) ?? ''
  view.say('a runner got SIGKILL')
  progress.update({ done: 10_000, retries: 1_234, lag: 0 })
  progress.stop()
  expect(bar).toMatch(/^ {2}[█░]+ /)
  expect(bar.length).toBeLessThanOrEqual(columns)
  expect(shown(io.written.stderr).filter((line) => line !== '')).toEqual([
    expect.stringContaining('1. Work'),
    '  a runner got SIGKILL',
    '  10,000 of 10,000 done, 1,234 retries, lag 0',
  ])
  expect(io.written.stderr.split(`${ESCAPE}[?25h`).length, 'the cursor is shown as often as it is hidden').toBe(
    io.written.stderr.split(`${ESCAPE}[?25l`).length,
  )
})

test('quiet says nothing but what went wrong, in lines that are safe to print', () => {
  const io = terminal(80)
  const view = createDemoView(io, true, true)
  view.act('Work')
  view.say('something')
  view.show(['a command'])
  const progress = view.progress(10)
  progress.update({ done: 10, retries: 0, lag: 0 })
  progress.stop()
  expect(io.written.stderr).toBe('')
  view.warn('it ended', ['its last\u001b[2J line', 'and another'])
  expect(shown(io.written.stderr).join('\n')).toMatch(/it ended.*\n {4}its last \[2J line\n {4}and another\n$/)
})
