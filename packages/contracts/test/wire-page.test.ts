import { readFileSync } from 'node:fs'
import {
  type CommitNote,
  DEAD_REASONS,
  decodeCommitNote,
  encodeCommitNote,
  HEADER,
  ID_NAMESPACE,
  NOTE_BODY_MAX_BYTES,
  ownerOf,
  RESOLUTIONS,
  recordHash,
} from '@towline/contracts'
import { describe, expect, test } from 'vitest'

const page = readFileSync(new URL('../../../docs/wire.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```(?:text|json)\n([\s\S]*?)\n```$/gm)].map((match) => match[1] ?? '')

describe('docs/wire.md', () => {
  test('has a row for every header, in the order of the code, and for no other', () => {
    const rows = [...page.matchAll(/^\| `(ce_id|traceparent|towline-[a-z-]+)` \|/gm)].map((match) => match[1])
    expect(rows).toEqual(Object.values(HEADER))
  })

  test('shows a note that is written and read as it says', () => {
    const [text = '', hex = '', json = ''] = blocks
    const note = JSON.parse(json) as CommitNote
    expect(Buffer.from(text, 'base64url').toString('hex')).toBe(hex.replaceAll(' ', ''))
    expect(decodeCommitNote(text)).toEqual(note)
    expect(encodeCommitNote(note)).toBe(text)
    expect(note.owner).toBe(ownerOf('towline-runner-1-0e2f6f0a-6b1e-4d7c-8f57-2a5b9d1c3e44'))
    expect(note.hash).toBe(recordHash(Buffer.from('key-17'), Buffer.from('value')))
  })

  test('gives the closed sets and constants of the code', () => {
    for (const word of [...DEAD_REASONS, ...RESOLUTIONS, ID_NAMESPACE]) expect(page).toContain(`\`${word}\``)
    expect(page).toContain(NOTE_BODY_MAX_BYTES.toLocaleString('en'))
  })
})
