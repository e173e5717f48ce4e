import { describe, expect, test } from 'vitest'
import { type DigestBody, digest } from '../../src/demo/digest.ts'

const STOP_WORDS = new Set(['the', 'and', 'with'])

function digestOf(markdown: string, files: readonly string[] = []): DigestBody {
  return digest(markdown, { stopWords: STOP_WORDS, exists: (target) => files.includes(target) })
}

describe('headings', () => {
  test('are ATX and setext headings, with level, text without markup, and line', () => {
    const { headings } = digestOf('# One *two* `three` [four](x.md)\n\ntext\n\nFive\n====\n\nSix\nseven\n---\n')
    expect(headings).toEqual([
      { level: 1, text: 'One two three four', line: 1 },
      { level: 1, text: 'Five', line: 5 },
      { level: 2, text: 'Six seven', line: 8 },
    ])
  })

  test('in lists and quotes have the line of the document they stand in', () => {
    const markdown = [
      'Intro', //           1
      '', //                2
      '- first', //         3
      '  - # In a list', // 4
      '- second', //        5
      '', //                6
      '  ## Below it', //   7
      '', //                8
      '1. one', //          9
      '2. > quoted', //    10
      '   > ### Deep', //  11
      '', //               12
      '> # In a quote', // 13
      '> - item', //       14
      '>   ## Deeper', //  15
      '', //               16
      '#### Last', //      17
    ].join('\n')
    expect(digestOf(markdown).headings).toEqual([
      { level: 1, text: 'In a list', line: 4 },
      { level: 2, text: 'Below it', line: 7 },
      { level: 3, text: 'Deep', line: 11 },
      { level: 1, text: 'In a quote', line: 13 },
      { level: 2, text: 'Deeper', line: 15 },
      { level: 4, text: 'Last', line: 17 },
    ])
  })

  test('after code, tables, HTML, definitions and Windows line ends have the right line', () => {
    const markdown = [
      '```js', //                  1
      '# no heading', //           2
      '```', //                    3
      '', //                       4
      '| a | b |', //              5
      '| - | - |', //              6
      '| c | d |', //              7
      '', //                       8
      '<div>', //                  9
      '# no heading either', //   10
      '</div>', //                11
      '', //                      12
      '[ref]: https://a.example', // 13
      '', //                      14
      '## Here', //               15
    ].join('\r\n')
    expect(digestOf(markdown).headings).toEqual([{ level: 2, text: 'Here', line: 15 }])
  })

  test('say nothing where there is none', () => {
    expect(digestOf('Just text.\n')).toMatchObject({ headings: [], codeBlocks: 0, brokenLinks: [] })
  })
})

describe('links', () => {
  test('are external, relative or anchors, images and reference links among them', () => {
    const markdown = [
      '[a](https://a.example) [b](//b.example) [c](mailto:c@c.example) <https://d.example>',
      '[e](e.md) [f](../f.md#part) ![g](g.png) [h]',
      '[i](#i) [j](#)',
      '',
      '[h]: h.md',
    ].join('\n')
    expect(digestOf(markdown).links).toEqual({ external: 4, relative: 4, anchors: 2 })
  })

  test('in code are none', () => {
    expect(digestOf('`[a](a.md)`\n\n```\n[b](b.md)\n```\n').links).toEqual({ external: 0, relative: 0, anchors: 0 })
  })

  test('are broken when they are relative and lead to no file, with target and line, in the order of the document', () => {
    const markdown = [
      'See [the guide](guide.md) and', //   1
      '[nothing](missing.md), then', //     2
      '[that](https://gone.example).', //   3
      '', //                                4
      '- ![picture](lost.png)', //          5
      '', //                                6
      '| [cell](a.md) |', //                7
      '| ------------ |', //                8
      '| [one](b.md)  |', //                9
      '| [two](c.md)  |', //               10
    ].join('\n')
    expect(digestOf(markdown, ['guide.md', 'b.md']).brokenLinks).toEqual([
      { target: 'missing.md', line: 2 },
      { target: 'lost.png', line: 5 },
      { target: 'a.md', line: 7 },
      { target: 'c.md', line: 10 },
    ])
  })
})

describe('words and code blocks', () => {
  test('words are those of all text but code blocks and HTML', () => {
    const markdown = [
      '# Two words',
      '',
      "One two-three l'été 42.",
      '',
      '- [x] four',
      '- five *six*',
      '  > seven',
      '',
      '| eight |',
      '| ----- |',
      '| nine  |',
      '',
      '```',
      'not these words',
      '```',
      '',
      '<p>nor these</p>',
    ].join('\n')
    expect(digestOf(markdown).words).toBe(2 + 3 + 1 + 2 + 1 + 2)
  })

  test('code blocks are fenced and indented ones, wherever they stand', () => {
    expect(digestOf('```\na\n```\n\n    b\n\n- c\n\n  ~~~\n  d\n  ~~~\n\n> ```\n> e\n> ```\n').codeBlocks).toBe(4)
  })

  test('the summary is made of paragraphs alone', () => {
    const sentence = 'The runner takes the task from the topic and runs it.'
    expect(
      digestOf(`# A heading of a good many words\n\n${sentence}\n\n- a list item of a good many words\n`),
    ).toMatchObject({ summary: [sentence] })
  })
})
