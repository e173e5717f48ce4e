import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DataFiles } from '../src/disk/data-files.ts'
import type { Damage as Told } from '../src/disk/recover-segments.ts'
import { Segments } from '../src/disk/segments.ts'
import { PartitionLog } from '../src/log/partition-log.ts'
import { readBatchHeader } from '../src/log/record-batch.ts'
import { batch } from './batches.ts'
import { dataFolder } from './data-folder.ts'

const SEGMENT_BYTES = 400
const EVERYTHING = Number.MAX_SAFE_INTEGER

interface OpenLog extends Disposable {
  readonly log: PartitionLog
  readonly told: readonly Told[]
}

function open(folder: string, startOffset = 0): OpenLog {
  const told: Told[] = []
  const files = new DataFiles(() => undefined)
  const log = new PartitionLog(
    new Segments(folder, { files, onDamage: (damage) => told.push(damage), segmentBytes: SEGMENT_BYTES }),
  )
  log.truncateBefore(startOffset)
  log.recover()
  return { log, told, [Symbol.dispose]: () => files.closeAll() }
}

function append(log: PartitionLog, sizes: readonly number[]): void {
  for (const count of sizes) {
    const bytes = batch({ timestampsMs: Array<number>(count).fill(1_000 + log.endOffset) })
    log.append(bytes, readBatchHeader(bytes), false, 1_000)
  }
}

function contents(log: PartitionLog): Buffer {
  return Buffer.concat(log.read(log.startOffset, EVERYTHING, true))
}

function segments(folder: string): readonly string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((name) => join(folder, name))
    : []
}

const batchSizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 20 })

test('what was appended is read back whole, over any number of segments and restarts', () => {
  fc.assert(
    fc.property(fc.array(batchSizes, { minLength: 1, maxLength: 4 }), (lives) => {
      using folder = dataFolder()
      let before: Buffer = Buffer.alloc(0)
      for (const sizes of lives) {
        using opened = open(folder.path)
        expect(contents(opened.log).equals(before)).toBe(true)
        append(opened.log, sizes)
        before = contents(opened.log)
        expect(opened.told).toEqual([])
      }
      const total = lives.flat().reduce((sum, count) => sum + count, 0)
      using last = open(folder.path)
      expect([last.log.endOffset, contents(last.log).equals(before)]).toEqual([total, true])
      expect(segments(folder.path).length).toBeGreaterThanOrEqual(Math.ceil(before.length / SEGMENT_BYTES))
    }),
    { numRuns: 40 },
  )
})

/** Even, unlike fc.double, which likes the ends best. */
const shares = fc.nat(9_999).map((tenThousandth) => tenThousandth / 10_000)

const damages = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), share: shares, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('truncate' as const), share: shares }),
  fc.record({ kind: fc.constant('remove a segment' as const), share: shares }),
  fc.record({
    kind: fc.constant('garbage at the end' as const),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  }),
)

type Damage = typeof damages extends fc.Arbitrary<infer D> ? D : never

/** Does the damage and returns how many bytes from the start of the log are as they were. */
function inflict(damage: Damage, folder: string): number {
  const files = segments(folder).map((path) => ({ path, bytes: readFileSync(path) }))
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const last = files.at(-1)
  if (damage.kind === 'garbage at the end') {
    if (last !== undefined) writeFileSync(last.path, Buffer.concat([last.bytes, damage.bytes]))
    return total
  }
  const at = Math.min(total - 1, Math.floor(damage.share * total))
  let before = 0
  for (const { path, bytes } of files) {
    const within = at - before
    if (within < bytes.length) {
      if (damage.kind === 'remove a segment') {
        rmSync(path)
        return before
      }
      if (damage.kind === 'truncate') truncateSync(path, within)
      else writeFileSync(path, bytes.with(within, (bytes[within] ?? 0) ^ (1 << damage.bit)))
      return at
    }
    before += bytes.length
  }
  return total
}

test('R1, R2: of a damaged log the batches before the damage are recovered, and nothing else, for good', () => {
  fc.assert(
    fc.property(batchSizes, damages, batchSizes, (sizes, damage, more) => {
      using folder = dataFolder()
      let original: Buffer
      let boundaries: readonly number[]
      {
        using opened = open(folder.path)
        append(opened.log, sizes)
        original = contents(opened.log)
        boundaries = ends(original)
      }
      const intact = inflict(damage, folder.path)
      fc.pre(intact > 0) // without its first segment a log has lost its beginning, not its end: see below
      const expected = Math.max(0, ...boundaries.filter((end) => end <= intact))
      let recovered: Buffer
      {
        using opened = open(folder.path)
        recovered = contents(opened.log)
        expect(recovered.equals(original.subarray(0, expected))).toBe(true)
        const isDetectable = damage.kind !== 'truncate' && damage.kind !== 'remove a segment'
        if (isDetectable) expect(opened.told).toHaveLength(1)
        append(opened.log, more)
        recovered = contents(opened.log)
      }
      using again = open(folder.path)
      expect(again.told).toEqual([])
      expect(contents(again.log).equals(recovered)).toBe(true)
    }),
    { numRuns: 120 },
  )
})

test('a log without its first segment begins with what is left', () => {
  using folder = dataFolder()
  {
    using opened = open(folder.path)
    append(opened.log, Array<number>(12).fill(3))
  }
  const [first = '', second = ''] = segments(folder.path)
  rmSync(first)
  using opened = open(folder.path)
  expect(opened.log.startOffset).toBe(Number(second.slice(-24, -4)))
  expect(opened.log.endOffset).toBe(36)
  const reason = `what comes before offset ${opened.log.startOffset} is missing`
  expect(opened.told).toEqual([{ path: second, atOffset: 0, cutBytes: 0, reason }])
})

test('segments wholly before the start of the log are removed, also when that was cut short by the end of the process', () => {
  using folder = dataFolder()
  {
    using opened = open(folder.path)
    append(opened.log, Array<number>(12).fill(3))
    const before = segments(folder.path).length
    opened.log.truncateBefore(20)
    expect(segments(folder.path).length).toBeLessThan(before)
  }
  {
    using opened = open(folder.path, 30)
    expect([opened.log.startOffset, opened.log.endOffset]).toEqual([30, 36])
    const firstBase = Number(segments(folder.path)[0]?.slice(-24, -4))
    expect(firstBase).toBeLessThanOrEqual(30)
    expect(firstBase).toBeGreaterThan(20)
    opened.log.truncateBefore(36)
    expect(segments(folder.path)).toEqual([])
    append(opened.log, [2])
  }
  using opened = open(folder.path, 36)
  expect([opened.log.startOffset, opened.log.endOffset]).toEqual([36, 38])
})

test('an end lost before the start of the log leaves it empty there', () => {
  using folder = dataFolder()
  {
    using opened = open(folder.path)
    append(opened.log, [3, 3])
  }
  const [only = ''] = segments(folder.path)
  truncateSync(only, readFileSync(only).length - 1)
  using opened = open(folder.path, 5)
  expect([opened.log.startOffset, opened.log.endOffset]).toEqual([5, 5])
  append(opened.log, [1])
  expect([opened.log.startOffset, opened.log.endOffset]).toEqual([5, 6])
})

/** Where each batch ends, by its own length field. */
function ends(bytes: Buffer): readonly number[] {
  const found: number[] = []
  for (let at = 0; at < bytes.length; ) {
    at += bytes.readInt32BE(at + 8) + 12
    found.push(at)
  }
  return found
}
