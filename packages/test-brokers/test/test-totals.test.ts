import { expect, test } from 'vitest'
import { addTotals, describeTotals, NO_TESTS, readTotals, totalsOf } from '../src/index.ts'

const report = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 }
const failedTest = { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] }
const unloadedFile = { status: 'failed', assertionResults: [] }

test('a report is summed up, skipped and still to be written tests together', () => {
  expect(totalsOf({ ...report, testResults: [failedTest] })).toEqual({ passed: 3, failed: 1, skipped: 3 })
})

test('a file that could not be loaded counts as a failed test', () => {
  expect(totalsOf({ ...report, testResults: [failedTest, unloadedFile] })).toMatchObject({ failed: 2 })
})

test('totals add up and are told in one line', () => {
  const sum = [1, 2].map((passed) => ({ passed, failed: 0, skipped: 0 })).reduce(addTotals, NO_TESTS)
  expect(describeTotals(sum)).toBe('3 passed, 0 failed')
  expect(describeTotals({ ...sum, skipped: 4 })).toBe('3 passed, 0 failed, 4 skipped')
})

test('where no report was written there are no totals', async () => {
  expect(await readTotals('/no/such/report.json')).toBeNull()
})
