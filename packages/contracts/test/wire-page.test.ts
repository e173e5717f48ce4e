import { readFileSync } from 'node:fs'
import {
  type CommitNote,
  DEAD_REASONS,
  decodeCommitNote,
  encodeCommitNote,
  frame,
  groupIdOf,
  HEADER,
  ID_NAMESPACE,
  idOfChild,
  idOfKey,
  idOfRecord,
  idOfReplay,
  murmur2,
  NOTE_BODY_MAX_BYTES,
  ownerOf,
  parseTopicName,
  partitionFor,
  RESOLUTIONS,
  recordHash,
  subjects,
} from '@towline/contracts'
import { describe, expect, test } from 'vitest'

const page = readFileSync(new URL('../../../docs/wire.md', import.meta.url), 'utf8')

/** The fenced blocks under a heading. */
function blocksUnder(heading: string): readonly string[] {
  const section = page.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`))
  return [...(section ?? '').matchAll(/^```\w+\n([\s\S]*?)\n```$/gm)].map(([, block]) => block ?? '')
}

/** The rows of the table with this head, without the backticks. */
function tableRows(head: string): readonly (readonly string[])[] {
  const table = page.slice(page.indexOf(`\n| ${head} |`) + 1).split('\n\n')[0] ?? ''
  return table
    .split('\n')
    .slice(2)
    .map((row) => row.slice(2, -2).split(' | '))
}

const bare = (cell: string | undefined): string => /`([^`]*)`/.exec(cell ?? '')?.[1] ?? ''

/** What the page calls the name of an id, made into that id by the function that is for it. */
function idOf(name: string): string {
  const [kind, ...parts] = JSON.parse(name) as string[]
  const [a = '', b = '', c = '', d = ''] = parts
  switch (kind) {
    case 'record':
      return idOfRecord(a, Number(b), Number(c))
    case 'key':
      return idOfKey(a, b, c)
    case 'child':
      return idOfChild(a, b)
    case 'replay':
      return idOfReplay(a, b, Number(c), Number(d))
    default:
      throw new Error(`no id is made of ${name}`)
  }
}

describe('docs/wire.md', () => {
  test('has a row for every header, in the order of the code, and for no other', () => {
    const rows = tableRows('header | value').map(([name]) => bare(name))
    expect(rows).toEqual(Object.values(HEADER))
  })

  test('gives topics the names, groups and subjects of the code', () => {
    const rows = tableRows('namespace | agent | topic | its group | subject of its values')
    expect(rows).toHaveLength(4)
    for (const [namespaceCell, agentCell, topicCell, group, subject] of rows) {
      const [namespace, agent, topic] = [bare(namespaceCell), bare(agentCell), bare(topicCell)]
      const parsed = parseTopicName(topic)
      expect(parsed).toMatchObject({ agent, ...(namespace === '' ? {} : { namespace }) })
      const { tasks, results } = subjects(agent, namespace === '' ? undefined : namespace)
      const isResults = parsed?.kind === 'results'
      expect(bare(subject)).toBe(isResults ? results : tasks)
      expect(bare(group)).toBe(isResults ? '' : groupIdOf(topic))
    }
  })

  test('places keys as the code does', () => {
    const rows = tableRows('key, hexadecimal | murmur2, as a signed number | of 12 partitions | of 3')
    expect(rows).toHaveLength(5)
    for (const [hex, hash, of12, of3] of rows) {
      const key = Buffer.from(bare(hex), 'hex')
      expect([murmur2(key), partitionFor(key, 12), partitionFor(key, 3)].map(String)).toEqual([hash, of12, of3])
    }
  })

  test('gives every kind of derived id as the code does', () => {
    const rows = tableRows('name | id').map((cells) => cells.map(bare))
    expect(rows.map(([name = '']) => idOf(name))).toEqual(rows.map(([, id]) => id))
    const kinds = rows.map(([name = '']) => (JSON.parse(name) as string[])[0])
    expect(new Set(kinds)).toEqual(new Set(['record', 'key', 'child', 'replay']))
  })

  test('frames a value as the code does', () => {
    expect(page).toContain('`00 0000002a 0a68656c6c6f`')
    expect(frame(42, Buffer.from('0a68656c6c6f', 'hex')).toString('hex')).toBe('000000002a0a68656c6c6f')
  })

  test('shows a note that is written and read as it says', () => {
    const [text = '', hex = '', json = ''] = blocksUnder('A note, byte by byte')
    const note = JSON.parse(json) as CommitNote
    expect(Buffer.from(text, 'base64url').toString('hex')).toBe(hex.replaceAll(' ', ''))
    expect(decodeCommitNote(text)).toEqual(note)
    expect(encodeCommitNote(note)).toBe(text)
    expect(note.owner).toBe(ownerOf('towline-runner-1-0e2f6f0a-6b1e-4d7c-8f57-2a5b9d1c3e44'))
    expect(note.hash).toBe(recordHash(Buffer.from('key-17'), Buffer.from('value')))
  })

  test('shows a bitset that is written and read as it says', () => {
    const [text = '', hex = ''] = blocksUnder('A bitset')
    expect(Buffer.from(text, 'base64url').toString('hex')).toBe(hex.replaceAll(' ', ''))
    const note = decodeCommitNote(text)
    if (note === null) throw new Error('no note')
    expect(note).toMatchObject({ base: 200, end: 264 })
    const everySecond = Array.from({ length: 32 }, (_, n) => 200 + 2 * n)
    expect(note.unfinished.map(({ offset }) => offset)).toEqual(everySecond)
    expect(note.unfinished.some(({ attempts, deliveries, started }) => attempts + deliveries > 0 || started)).toBe(
      false,
    )
    expect(encodeCommitNote(note)).toBe(text)
  })

  test('gives the closed sets and constants of the code', () => {
    for (const word of [...DEAD_REASONS, ...RESOLUTIONS, ID_NAMESPACE]) expect(page).toContain(`\`${word}\``)
    expect(page).toContain(NOTE_BODY_MAX_BYTES.toLocaleString('en'))
  })
})
