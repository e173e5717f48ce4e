import { describe, expect, test } from 'vitest'
import { EXIT } from '../../src/exit-codes.ts'
import { ALL_CASES } from './all-cases.ts'
import { commonFails } from './common-cases.ts'
import { documentedErrors, errorsOf } from './documented-errors.ts'

const documented = documentedErrors()
const tested = ALL_CASES.flatMap((cases) =>
  errorsOf(cases, commonFails(cases)).map(([error, code]) => ({ pair: `${cases.verb} ${error}`, error, code })),
)

describe('the errors that docs/cli.md says a verb may end with', () => {
  test('are told once of each verb', () => {
    expect(documented.pairs.length).toBeGreaterThan(100)
    expect(documented.pairs.filter((pair, at) => documented.pairs.indexOf(pair) !== at)).toEqual([])
  })

  test('each have a case that provokes them', () => {
    const provoked = new Set(tested.map(({ pair }) => pair))
    expect(documented.pairs.filter((pair) => !provoked.has(pair))).toEqual([])
  })

  test('are all that a case ends with', () => {
    const promised = new Set(documented.pairs)
    expect(tested.filter(({ pair }) => !promised.has(pair))).toEqual([])
  })

  test('end with the exit code that the page gives them', () => {
    const isPartial = ({ code }: (typeof tested)[number]): boolean => code === undefined || code === EXIT.partial
    const whole = tested.filter((each) => !isPartial(each))
    const others = whole.filter(({ error, code }) => documented.exitCodes.get(error) !== code)
    expect(others).toEqual([])
  })
})
