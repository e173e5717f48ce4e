const SENTENCES = 3
const LEAST_WORDS = 5
const MOST_CHARACTERS = 400

/**
 * The most telling sentences of a text, word for word and in its order: those whose words, stop words left out, are the
 * most frequent in it. Long sentences gain nothing by being long.
 */
export function summarise(text: string, stopWords: ReadonlySet<string>): string[] {
  const sentences = sentencesOf(text)
  const frequency = new Map<string, number>()
  for (const sentence of sentences) {
    for (const word of wordsOf(sentence, stopWords)) frequency.set(word, (frequency.get(word) ?? 0) + 1)
  }
  return sentences
    .map((sentence, at) => ({ sentence, at, score: scoreOf(wordsOf(sentence, stopWords), frequency) }))
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .slice(0, SENTENCES)
    .sort((a, b) => a.at - b.at)
    .map(({ sentence }) => sentence)
}

function sentencesOf(text: string): string[] {
  const segments = new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text)
  return Array.from(segments, ({ segment }) => segment.replace(/\s+/g, ' ').trim()).filter(
    (sentence) => sentence.length <= MOST_CHARACTERS && sentence.split(' ').length >= LEAST_WORDS,
  )
}

function wordsOf(sentence: string, stopWords: ReadonlySet<string>): string[] {
  const words = sentence.toLowerCase().match(/\p{L}[\p{L}\p{N}'’-]*/gu) ?? []
  return words.filter((word) => word.length > 2 && !stopWords.has(word))
}

function scoreOf(words: readonly string[], frequency: ReadonlyMap<string, number>): number {
  if (words.length === 0) return 0
  return words.reduce((sum, word) => sum + (frequency.get(word) ?? 0), 0) / Math.sqrt(words.length)
}
