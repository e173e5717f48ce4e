import { expect, test } from 'vitest'
import { errorsWithoutWayOut } from './way-out.ts'

test.each([
  ['an imperative', 'error: TOWLINE_X: nothing was changed. Add --yes to do it'],
  ['an imperative after what it explains', 'error: TOWLINE_X: not acknowledged. It may be there: publish again'],
  ['a command', 'error: TOWLINE_X: no replay. It was aborted; `towline replay status` lists those there are'],
  ['how the call is used', "error: unknown option '--nosuch'\n(--help shows how it is used)"],
  ['it for a line of the input', 'line 3: TOWLINE_X: path must be string. Correct the input'],
])('an error that says %s has a way out', (_what, stderr) => {
  expect(errorsWithoutWayOut(`working\n${stderr}\n`)).toEqual([])
})

test.each([
  ['one sentence', 'error: TOWLINE_X: it failed'],
  ['only what there is', 'error: TOWLINE_X: no agent type "nosuch" is known. Known: digest'],
  ['a reason alone', 'error: TOWLINE_X: it failed. The broker is out'],
  ['a command as what failed', 'error: TOWLINE_X: `towline run` failed'],
  ['one sentence of a line', 'line 3: TOWLINE_X: it failed'],
  ['one sentence of a dead letter', '019a/1 refused: TOWLINE_X: it failed'],
])('an error that says %s has none', (_what, line) => {
  expect(errorsWithoutWayOut(`working\n${line}\n1 problem\n`)).toEqual([line])
})
