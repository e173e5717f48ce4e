import { expect, test } from 'vitest'
import type { Account } from '../../src/demo/account.ts'
import { type DemoFacts, describeReport, reportOf } from '../../src/demo/demo-report.ts'

const ACCOUNT: Account = {
  published: 100,
  succeeded: 90,
  deadLettered: 10,
  lost: 0,
  endedTwice: 3,
  ranTwice: 12,
  retried: 15,
  redriven: 10,
  redrivenEnded: 10,
  openDeadLetters: 1,
  missingLetters: 0,
  replayed: 40,
  replayedEnded: 40,
}
const FACTS: DemoFacts = {
  broker: '127.0.0.1:9092',
  acknowledged: 100,
  redriven: 10,
  replayed: 40,
  openDeadLetters: 1,
  takeOverMs: 5_900,
  elapsedMs: 20_000,
}

test('balances when everything that was acknowledged has an end', () => {
  expect(reportOf(ACCOUNT, FACTS)).toEqual({
    broker: '127.0.0.1:9092',
    published: 100,
    succeeded: 90,
    deadLettered: 10,
    lost: 0,
    endedTwice: 3,
    ranTwice: 12,
    retried: 15,
    takeOverMs: 5_900,
    redriven: 10,
    openDeadLetters: 1,
    replayed: 40,
    replayedEnded: 40,
    balanced: true,
    elapsedMs: 20_000,
  })
})

test.each<[string, Partial<Account>]>([
  ['nothing ended or ran twice', { endedTwice: 0, ranTwice: 0 }],
  ['everything ended and ran twice', { endedTwice: 100, ranTwice: 150 }],
  ['nothing was retried', { retried: 0 }],
])('balances also when %s', (_, found) => {
  expect(reportOf({ ...ACCOUNT, ...found }, FACTS).balanced).toBe(true)
})

test.each<[string, Partial<Account>]>([
  ['a record was acknowledged and is not in the topic', { published: 99, succeeded: 89 }],
  ['a record is in the topic and was not acknowledged', { published: 101, succeeded: 91 }],
  ['a task has no end', { succeeded: 89, lost: 1 }],
  ['a task has no end, though the sum is right', { lost: 1 }],
  ['a task ended in a way of neither kind', { succeeded: 89 }],
  ['a task that ended dead-lettered has no letter', { missingLetters: 1 }],
  ['a redriven task is not in the topic', { redriven: 9, redrivenEnded: 9 }],
  ['more was redriven than was asked for', { redriven: 11, redrivenEnded: 11 }],
  ['a redriven task has no end', { redrivenEnded: 9 }],
  ['the ledger missed an open dead letter', { openDeadLetters: 2 }],
  ['the ledger counts a dead letter that is not open', { openDeadLetters: 0 }],
  ['a replayed record is not in the topic', { replayed: 39, replayedEnded: 39 }],
  ['a record was replayed twice', { replayed: 41, replayedEnded: 41 }],
  ['a replayed task has no end', { replayedEnded: 39 }],
])('does not balance when %s', (_, found) => {
  expect(reportOf({ ...ACCOUNT, ...found }, FACTS).balanced).toBe(false)
})

test('is a table of at most 80 columns for people, which says whether it balances', () => {
  const large = { ...ACCOUNT, published: 100_000, succeeded: 99_990, ranTwice: 99_990, replayed: 10_000 }
  const text = describeReport(reportOf(large, { ...FACTS, takeOverMs: 65_432, acknowledged: 100_000 }))
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(text).toMatch(/^published +100,000 {2}in \.tasks/m)
  expect(text).toMatch(/^ran twice, at most +99,990 {2}ends that say/m)
  expect(text).toMatch(/^take-over +65.4 s {2}from SIGKILL/m)
  expect(text).toContain('DOES NOT BALANCE')
  expect(describeReport(reportOf(ACCOUNT, FACTS))).toContain('The account balances')
})

test('has no take-over where the killed runner had nothing left to do', () => {
  const text = describeReport(reportOf(ACCOUNT, { ...FACTS, takeOverMs: null }))
  expect(text).toMatch(/^take-over +- {2}the killed runner had nothing left to do/m)
})
