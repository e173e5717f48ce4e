import { lexer, type Token, type Tokens } from 'marked'
import type { BrokenLink, DigestReport, Heading, LinkCounts } from '../generated/digest-report.ts'
import { summarise } from './summarise.ts'

/** What a digest needs besides the document. */
export interface DigestContext {
  /** Words that carry no meaning of their own, lower case. */
  readonly stopWords: ReadonlySet<string>
  /** Whether a relative link of the document leads to a file. */
  exists(target: string): boolean
}

/** Everything a digest says but the path and the title. */
export type DigestBody = Omit<DigestReport, 'path' | 'title'>

interface Placed<T extends Token = Token> {
  readonly token: T
  /** Line of the document, from 1. */
  readonly line: number
}

/** What stands in a Markdown document. Pure but for `exists`. */
export function digest(markdown: string, { stopWords, exists }: DigestContext): DigestBody {
  const blocks = lexer(markdown)
  const tokens = placedTokens(blocks, 1)
  const prose = tokens.flatMap(({ token }) => (token.type === 'paragraph' ? [plainText(token)] : []))
  const links = tokens.flatMap(({ token, line }) => (isLink(token) ? [{ target: token.href, line }] : []))
  return {
    summary: summarise(prose.join('\n'), stopWords),
    words: textsOf(blocks).reduce((sum, text) => sum + countWords(text), 0),
    codeBlocks: tokens.filter(({ token }) => token.type === 'code').length,
    headings: tokens.flatMap(headingOf),
    links: countLinks(links.map(({ target }) => target)),
    brokenLinks: links.filter(({ target }) => kindOf(target) === 'relative' && !exists(target)) satisfies BrokenLink[],
  }
}

function headingOf({ token, line }: Placed): Heading[] {
  if (token.type !== 'heading') return []
  return [{ level: (token as Tokens.Heading).depth, text: plainText(token).replace(/\s+/g, ' ').trim(), line }]
}

function isLink(token: Token): token is Tokens.Link | Tokens.Image {
  return token.type === 'link' || token.type === 'image'
}

function kindOf(target: string): keyof LinkCounts {
  if (target.startsWith('#')) return 'anchors'
  return /^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target) ? 'external' : 'relative'
}

function countLinks(targets: readonly string[]): LinkCounts {
  const counts = { external: 0, relative: 0, anchors: 0 }
  for (const target of targets) counts[kindOf(target)] += 1
  return counts
}

/** Every token of the document with its line: a child stands where its text does in that of its parent. */
function placedTokens(tokens: readonly Token[], firstLine: number): Placed[] {
  const placed: Placed[] = []
  let line = firstLine
  for (const token of tokens) {
    placed.push({ token, line }, ...childrenOf(token, line))
    line += newlines(token.raw)
  }
  return placed
}

function childrenOf(token: Token, line: number): Placed[] {
  if (token.type === 'list') return placedTokens((token as Tokens.List).items, line)
  if (token.type === 'table') {
    const { header, rows } = token as Tokens.Table
    return [header, ...rows].flatMap((cells, row) =>
      cells.flatMap((cell) => placedTokens(cell.tokens, line + (row === 0 ? 0 : row + 1))),
    )
  }
  return 'tokens' in token && token.tokens !== undefined ? placedTokens(token.tokens, line) : []
}

/** The text of every block but code and HTML. */
function textsOf(blocks: readonly Token[]): string[] {
  return blocks.flatMap((token) => {
    switch (token.type) {
      case 'heading':
      case 'paragraph':
      case 'text':
        return [plainText(token)]
      case 'blockquote':
        return textsOf((token as Tokens.Blockquote).tokens)
      case 'list':
        return (token as Tokens.List).items.flatMap(({ tokens }) => textsOf(tokens))
      case 'table': {
        const { header, rows } = token as Tokens.Table
        return [header, ...rows].flat().map(({ tokens }) => tokens.map(plainText).join(''))
      }
      default:
        return []
    }
  })
}

function countWords(text: string): number {
  return text.match(/\p{L}[\p{L}\p{N}'’-]*/gu)?.length ?? 0
}

function plainText(token: Token): string {
  if ('tokens' in token && token.tokens !== undefined && token.tokens.length > 0) {
    return token.tokens.map(plainText).join('')
  }
  if (token.type === 'br') return ' '
  if (token.type === 'html' || token.type === 'image') return ''
  return 'text' in token ? token.text : token.raw
}

function newlines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1
  return count
}
