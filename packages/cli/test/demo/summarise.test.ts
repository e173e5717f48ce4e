import fc from 'fast-check'
import { expect, test } from 'vitest'
import { summarise } from '../../src/demo/summarise.ts'

const NONE: ReadonlySet<string> = new Set()

test('takes the sentences whose words are the most frequent, in the order of the text', () => {
  const text = [
    'Weather is a thing people talk about.',
    'A broker keeps the records of a topic.',
    'The broker hands records to a runner.',
    'Nobody likes rain on a summer day.',
    'A runner commits what the broker gave it.',
  ]
  const stopWords = new Set(['the', 'what'])
  expect(summarise(text.join(' '), stopWords)).toEqual([text[1], text[2], text[4]])
})

test('does not count stop words', () => {
  const text = 'Which which which which which is it. Topics keep records in the order given. Records of topics stay.'
  expect(summarise(text, NONE)[0]).toBe('Which which which which which is it.')
  expect(summarise(`${text} ${text}`, new Set(['which'])).at(-1)).not.toMatch(/^Which/)
})

test('passes over sentences of fewer than five words and of more than 400 characters', () => {
  expect(summarise('Too short this. And this one too. Yes.', NONE)).toEqual([])
  expect(summarise(`It ${'goes on and '.repeat(40)}ends.`, NONE)).toEqual([])
})

test('says nothing about nothing', () => {
  expect(summarise('', NONE)).toEqual([])
  expect(summarise(' \n\t ', NONE)).toEqual([])
})

const words = fc.constantFrom(
  'broker',
  'runner',
  'topic',
  'the',
  'Kafka’s',
  'e.g.',
  'v1.2',
  'déjà',
  '日本語',
  'a',
  'offset',
)
const ends = fc.constantFrom('. ', '! ', '?\n', '.\n\n', ' – ', ', ', '… ')
const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 500 }),
  fc
    .array(fc.tuple(fc.array(words, { minLength: 1, maxLength: 12 }), ends), { maxLength: 20 })
    .map((sentences) => sentences.map(([sentence, end]) => sentence.join(' ') + end).join('')),
)
const stopWordSets = fc.subarray(['the', 'broker', 'runner', 'topic']).map((stopWords) => new Set(stopWords))
const oneSpaced = (text: string): string => text.replace(/\s+/g, ' ')

test('every sentence is from the text word for word, there are at most three, and they keep its order', () => {
  fc.assert(
    fc.property(texts, stopWordSets, (text, stopWords) => {
      const whole = oneSpaced(text)
      const summary = summarise(text, stopWords)
      expect(summary.length).toBeLessThanOrEqual(3)
      let from = 0
      for (const sentence of summary) {
        const at = whole.indexOf(sentence, from)
        expect(at, `${JSON.stringify(sentence)} after character ${from}`).toBeGreaterThanOrEqual(from)
        from = at + sentence.length
      }
    }),
    { numRuns: 300 },
  )
})

test('the same text has the same summary', () => {
  fc.assert(
    fc.property(texts, stopWordSets, (text, stopWords) => {
      expect(summarise(text, new Set([...stopWords].reverse()))).toEqual(summarise(text, stopWords))
    }),
  )
})
