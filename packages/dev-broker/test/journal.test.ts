import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DataFiles } from '../src/disk/data-files.ts'
import { JournalFile } from '../src/disk/journal.ts'
import { DevBrokerError } from '../src/index.ts'
import { dataFolder } from './data-folder.ts'

interface Opened extends Disposable {
  readonly journal: JournalFile<string>
  readonly changes: string[]
  readonly told: readonly string[]
}

/** Opens a journal of which every change is kept. */
function open(folder: string): Opened {
  const told: string[] = []
  const files = new DataFiles(() => undefined)
  const journal = new JournalFile<string>(join(folder, 'j'), files)
  const changes = journal.open((_, message) => told.push(message))
  journal.rewriteFrom(() => changes)
  return { journal, changes, told, [Symbol.dispose]: () => files.closeAll() }
}

function write({ journal, changes }: Opened, written: readonly string[]): void {
  for (const change of written) {
    journal.write(change)
    changes.push(change)
  }
}

test('gives back what was written, whatever it is, over restarts', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.string({ unit: 'binary' })), { maxLength: 4 }), (lives) => {
      using folder = dataFolder()
      for (const [i, changes] of lives.entries()) {
        using opened = open(folder.path)
        expect(opened.changes).toEqual(lives.slice(0, i).flat())
        write(opened, changes)
      }
      using last = open(folder.path)
      expect(last.changes).toEqual(lives.flat())
    }),
    { numRuns: 20 },
  )
})

test('J2: cut anywhere it gives back the changes before that; damaged anywhere it gives no other than were written', () => {
  const changes = ['one', 'zwei\n', 'три', '4'.repeat(50)]
  const damage = fc.record({
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    mask: fc.integer({ min: 0, max: 255 }),
  })
  fc.assert(
    fc.property(damage, ({ share, mask }) => {
      using folder = dataFolder()
      {
        using opened = open(folder.path)
        write(opened, changes)
      }
      const path = join(folder.path, 'j')
      const bytes = readFileSync(path)
      const at = Math.min(bytes.length - 1, Math.floor(share * bytes.length))
      if (mask === 0) truncateSync(path, at)
      else writeFileSync(path, bytes.with(at, (bytes[at] ?? 0) ^ mask))
      try {
        using opened = open(folder.path)
        expect(opened.changes).toEqual(changes.slice(0, opened.changes.length))
        if (opened.changes.length < changes.length && mask !== 0) expect(opened.told).toHaveLength(1)
      } catch (error) {
        if (!(error instanceof DevBrokerError)) throw error
        expect([error.code, mask]).toEqual(['TOWLINE_DEV_BROKER_DATA_CORRUPT', mask || 'cut'])
      }
    }),
    { numRuns: 100 },
  )
})

test('is rewritten when it has grown far beyond what it has to hold', () => {
  using folder = dataFolder()
  const files = new DataFiles(() => undefined)
  const path = join(folder.path, 'j')
  const journal = new JournalFile<{ readonly is: string }>(path, files)
  let latest = { is: '' }
  journal.open(() => undefined)
  journal.rewriteFrom(() => [latest])
  let largest = 0
  for (let i = 0; i < 200; i++) {
    const change = { is: `${i}`.padEnd(100_000, '.') }
    journal.write(change)
    latest = change
    largest = Math.max(largest, statSync(path).size)
  }
  files.closeAll()
  expect(largest).toBeLessThan(5_000_000)
  expect(existsSync(`${path}.next`)).toBe(false)
  const again = new JournalFile<{ readonly is: string }>(path, files)
  expect(again.open(() => undefined).at(-1)).toEqual(latest)
})
