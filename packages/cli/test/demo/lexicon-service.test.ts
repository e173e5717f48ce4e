import { once } from 'node:events'
import { connect } from 'node:net'
import { newTaskId } from '@towline/contracts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type LexiconService, startLexiconService } from '../../src/demo/lexicon-service.ts'

let lexicon: LexiconService

beforeEach(async () => {
  lexicon = await startLexiconService()
})
afterEach(() => lexicon.stop())

const ask = (caller: string): Promise<Response> => fetch(`${lexicon.url}/stop-words/en?for=${caller}`)

/** The last four hex digits decide: those of a whole multiple of twelve are turned away. */
const UNLUCKY = '00000000-0000-7000-8000-00000000000c'
const LUCKY = '00000000-0000-7000-8000-00000000000d'

test('answers with stop words in lower case', async () => {
  const response = await ask(LUCKY)
  expect(response.status).toBe(200)
  const words = (await response.json()) as string[]
  expect(words).toEqual(expect.arrayContaining(['the', 'and', 'would']))
  expect(words.filter((word) => !/^[a-z]+$/.test(word))).toEqual([])
})

test('turns an unlucky caller away once, and serves it when it asks again', async () => {
  expect((await ask(UNLUCKY)).status).toBe(503)
  expect((await ask(UNLUCKY)).status).toBe(200)
  expect((await ask(LUCKY)).status).toBe(200)
})

test('about one in twelve tasks is unlucky', async () => {
  const responses = await Promise.all(Array.from({ length: 600 }, async () => (await ask(newTaskId())).status))
  const refused = responses.filter((status) => status === 503).length
  expect(refused).toBeGreaterThan(20)
  expect(refused).toBeLessThan(100)
})

test('stops while a connection is open, and ends it', async () => {
  const socket = connect(Number(new URL(lexicon.url).port), '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  socket.write('GET / HTTP/1.1\r\n')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await lexicon.stop()
  await closed
  await expect(ask(LUCKY)).rejects.toThrow('fetch failed')
})
