import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One in this many callers is turned away the first time. */
const UNLUCKY = 12
/** What asking somebody over a network takes: agents wait for others most of their time. */
const ANSWER_MS = 100
const STOP_WORDS = (
  'a about after all also an and any are as at be because been before being between both but by can could did do does ' +
  'each for from had has have he her here his how i if in into is it its just like may more most must my new no not now ' +
  'of on one only or other our out over own same set she should since so some such than that the their them then there ' +
  'these they this those through to too under up use used using very was we were what when where which while who will ' +
  'with without would you your'
).split(' ')

/** A dependency of the demo's agent, over real HTTP, that now and then has no room: the cause of its transient errors. */
export interface LexiconService {
  readonly url: string
  stop(): Promise<void>
}

/** Listens on a free loopback port. A caller that was turned away is served when it asks again. */
export async function startLexiconService(): Promise<LexiconService> {
  const turnedAway = new Set<string>()
  const server = createServer((request, response) => {
    const caller = new URL(request.url ?? '/', 'http://lexicon').searchParams.get('for') ?? ''
    if (isUnlucky(caller) && !turnedAway.has(caller)) {
      turnedAway.add(caller)
      response.writeHead(503, { 'retry-after': '1' }).end()
      return
    }
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(STOP_WORDS))
    }, ANSWER_MS)
  })
  await listen(server)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => close(server),
  }
}

function isUnlucky(caller: string): boolean {
  return Number.parseInt(caller.slice(-4), 16) % UNLUCKY === 0
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
}

function close(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
