import { readFile } from 'node:fs/promises'

/** What came of some tests. A file that could not be loaded counts as one failed test. */
export interface TestTotals {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** What vitest's JSON reporter writes, as far as it is read here. */
interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { status: string }[] }[]
}

export const NO_TESTS: TestTotals = { passed: 0, failed: 0, skipped: 0 }

/** The totals of one report, or null where there is none: the run ended before it was written. */
export async function readTotals(path: string): Promise<TestTotals | null> {
  const text = await readFile(path, 'utf8').catch(() => null)
  return text === null ? null : totalsOf(JSON.parse(text) as VitestReport)
}

export function totalsOf(report: VitestReport): TestTotals {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

export function addTotals(a: TestTotals, b: TestTotals): TestTotals {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

/** `12 passed, 0 failed`, and what was skipped if anything was. */
export function describeTotals({ passed, failed, skipped }: TestTotals): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`
}
