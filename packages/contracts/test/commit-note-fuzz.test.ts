import { decodeCommitNote, encodeCommitNote, NOTE_MAX_CHARACTERS } from '@towline/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { notes } from './note-arbitraries.ts'

const RUNS = 100_000

/** A fixed generator, so that a failure comes back: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const samples = fc.sample(notes, { numRuns: 200, seed: 17 }).map(encodeCommitNote)
const random = seeded(17)
const below = (bound: number) => Math.floor(random() * bound)
const sample = () => samples[below(samples.length)] as string

/** Texts that are read as a note although nobody wrote them: there must be none. */
function misread(text: () => string): string[] {
  const found: string[] = []
  for (let run = 0; run < RUNS; run += 1) {
    const candidate = text()
    if (decodeCommitNote(candidate) !== null && !samples.includes(candidate)) found.push(candidate)
  }
  return found
}

test('every note in the sample is one', () => {
  expect(samples.every((text) => decodeCommitNote(text) !== null)).toBe(true)
})

test('a note with bits flipped is none', () => {
  const flipped = () => {
    const bytes = Buffer.from(sample(), 'base64url')
    for (let flips = 1 + below(4); flips > 0; flips -= 1) {
      const at = below(bytes.length)
      bytes[at] = (bytes[at] as number) ^ (1 << below(8))
    }
    return bytes.toString('base64url')
  }
  expect(misread(flipped)).toEqual([])
})

test('a note cut, spliced or with a character changed is none', () => {
  const damaged = () => {
    const [text, other] = [sample(), sample()]
    const at = below(text.length)
    const kind = below(3)
    if (kind === 0) return text.slice(0, at)
    if (kind === 1) return text.slice(0, at) + other.slice(at)
    return text.slice(0, at) + String.fromCharCode(below(128)) + text.slice(at + 1)
  }
  expect(misread(damaged)).toEqual([])
})

test('random text and random bytes are no note', () => {
  const foreign = () => {
    const bytes = Buffer.from(Array.from({ length: below(80) }, () => below(256)))
    if (below(2) === 0) bytes[0] = 1
    return below(2) === 0 ? bytes.toString('latin1') : bytes.toString('base64url')
  }
  expect(misread(foreign)).toEqual([])
})

test('no text makes it throw, however long', () => {
  expect(decodeCommitNote('A'.repeat(NOTE_MAX_CHARACTERS + 1))).toBeNull()
  expect(decodeCommitNote('A'.repeat(NOTE_MAX_CHARACTERS))).toBeNull()
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => decodeCommitNote(text) === null))
})
