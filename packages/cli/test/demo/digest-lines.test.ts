import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digest } from '../../src/demo/digest.ts'

// Every heading and link of a generated document has a name that occurs once in it, so the text itself tells its line.
const text = fc.constantFrom('plain text', 'two\nlines', 'some `code` here', 'a *word*\nand **another**\nand one')
const { block } = fc.letrec<{ block: string; blocks: string }>((tie) => {
  const items = fc.array(tie('blocks'), { minLength: 1, maxLength: 3 })
  return {
    blocks: fc.array(tie('block'), { minLength: 1, maxLength: 4 }).map((blocks) => blocks.join('\n\n')),
    block: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      text,
      fc.constant('# heading@'),
      fc.constant('heading@\n---'),
      fc.tuple(text, text).map(([before, after]) => `${before} [a link](target@) ${after}`),
      fc.constant('```\n# no heading\n\n[no link](x)\n```'),
      fc.constant('| a | b |\n| - | - |\n| c | [d](target@) |\n| [e](target@) | f |'),
      fc.constant('<div>\n# none\n</div>'),
      tie('blocks').map((inner) => prefixed('> ', '> ', inner)),
      items.map((all) => all.map((item) => prefixed('- ', '  ', item)).join('\n')),
      items.map((all) => all.map((item) => prefixed('1. ', '   ', item)).join('\n\n')),
    ),
  }
})
const documents = fc.array(block, { minLength: 1, maxLength: 6 }).map((blocks) => named(blocks.join('\n\n')))

function prefixed(first: string, rest: string, inner: string): string {
  const lines = inner.split('\n').map((line, at) => `${at === 0 ? first : rest}${line}`.trimEnd())
  return lines.join('\n')
}

function named(markdown: string): string {
  let count = 0
  return markdown.replaceAll('@', () => `-n${count++}n`)
}

function lineOf(markdown: string, name: string): number {
  return markdown.slice(0, markdown.indexOf(name)).split('\n').length
}

test('in any document each heading and broken link is on the line it says', () => {
  let seen = 0
  fc.assert(
    fc.property(documents, (markdown) => {
      const { headings, brokenLinks } = digest(markdown, { stopWords: new Set(), exists: () => false })
      const said = [
        ...headings.map(({ text: heading, line }) => ({ name: heading, line })),
        ...brokenLinks.map(({ target, line }) => ({ name: target, line })),
      ]
      for (const { name, line } of said) {
        const [mark] = /-n\d+n/.exec(name) ?? []
        expect({ name, line }).toEqual({ name, line: lineOf(markdown, mark ?? 'a heading or link that is none') })
      }
      seen += said.length
    }),
    { numRuns: 500 },
  )
  expect(seen).toBeGreaterThan(500)
})
