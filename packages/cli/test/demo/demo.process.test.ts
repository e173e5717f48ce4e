import { createServer } from 'node:net'
import { systemClock } from '@towline/kafka'
import { connectKafka } from '@towline/kafka/kafkajs'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { DemoProcess, isAlive } from './demo-process.ts'

const MINUTE = 60_000
const WAIT = { timeout: 10_000, interval: 100 }
/** Every field of the document, and no other. */
const DOCUMENT = {
  schemaVersion: 1,
  broker: expect.stringMatching(/:\d+$/) as unknown,
  published: 61,
  succeeded: expect.any(Number) as unknown,
  deadLettered: expect.any(Number) as unknown,
  lost: 0,
  endedTwice: expect.any(Number) as unknown,
  ranTwice: expect.any(Number) as unknown,
  retried: expect.any(Number) as unknown,
  /** Null where the killed runner had nothing left to do: of so few tasks a slow machine may see none. */
  takeOverMs: expect.toSatisfy((ms) => ms === null || ms > 0) as unknown,
  redriven: expect.any(Number) as unknown,
  openDeadLetters: 1,
  replayed: expect.any(Number) as unknown,
  replayedEnded: expect.any(Number) as unknown,
  balanced: true,
  elapsedMs: expect.any(Number) as unknown,
}

function addresses(broker: RunningBroker): string[] {
  return ['--broker', broker.brokers.join(), '--registry', broker.registry]
}

/** Topics and groups of a namespace. */
async function leftOf(namespace: string, broker: RunningBroker): Promise<readonly string[]> {
  const admin = await connectKafka({ brokers: broker.brokers, clientId: 'demo-test' }).admin()
  try {
    const names = [...(await admin.topicNames()), ...(await admin.groupIds())]
    return names.filter((name) => name.includes(`${namespace}.`))
  } finally {
    await admin.close()
  }
}

describe.each(testBrokers())('on $name', ({ name, start }) => {
  let broker: RunningBroker
  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test.concurrent(
    'Ctrl-C in the middle leaves no process, no topic and no group behind, and exits 130',
    async () => {
      await using demo = new DemoProcess(['--tasks', '200', ...addresses(broker)])
      const [, namespace] = await demo.says(/in the namespace (\S+)/)
      await demo.says(/got SIGKILL/)
      const processes = await demo.processes()
      expect(await leftOf(namespace ?? '', broker)).not.toEqual([])
      demo.interrupt()
      const { code, stdout, stderr } = await demo.ended
      expect([code, stdout], stderr).toEqual([130, ''])
      expect(stderr).toMatch(/interrupted\n$/)
      expect(stderr).not.toContain('could not')
      expect(processes.filter(isAlive)).toEqual([])
      await vi.waitFor(async () => expect(await leftOf(namespace ?? '', broker)).toEqual([]), WAIT)
    },
    MINUTE,
  )

  // On a dev broker the test below does the same.
  const onKafka = name === 'Apache Kafka' ? test.concurrent : test.skip
  onKafka(
    'balances, and leaves no topic and no group behind',
    async () => {
      await using demo = new DemoProcess(['--tasks', '60', '--json', ...addresses(broker)])
      const [, namespace] = await demo.says(/in the namespace (\S+)/)
      const { code, stdout, stderr } = await demo.ended
      expect(code, stderr).toBe(0)
      expect(JSON.parse(stdout)).toEqual(DOCUMENT)
      await vi.waitFor(async () => expect(await leftOf(namespace ?? '', broker)).toEqual([]), WAIT)
    },
    MINUTE,
  )
})

test.concurrent(
  'on a dev broker of its own: one document with every field, balanced, in less than a minute',
  async () => {
    await using demo = new DemoProcess(['--tasks', '60', '--json'])
    await demo.says(/got SIGKILL/)
    const processes = await demo.processes()
    const { code, stdout, stderr } = await demo.ended
    expect(code, stderr).toBe(0)
    const document = JSON.parse(stdout) as Record<string, number>
    expect(document).toEqual(DOCUMENT)
    expect(document['elapsedMs']).toBeLessThan(MINUTE)
    expect(document['replayedEnded']).toBe(document['replayed'])
    expect(stderr).not.toContain('TOWLINE_NAMESPACE')
    expect(stderr).toMatch(/npm run demo -- --keep/)
    expect(processes.length).toBeGreaterThanOrEqual(4)
    expect(processes.filter(isAlive)).toEqual([])
  },
  MINUTE,
)

test.concurrent(
  'SIGTERM before the runners have joined ends all of it',
  async () => {
    await using demo = new DemoProcess(['--tasks', '10'])
    await demo.says(/Two runner processes/)
    await vi.waitFor(async () => expect(await demo.processes()).toHaveLength(5), WAIT)
    const processes = await demo.processes()
    demo.terminate()
    const { code, stderr } = await demo.ended
    expect([code, processes.filter(isAlive)], stderr).toEqual([130, []])
  },
  MINUTE,
)

test.concurrent(
  'a runner that ends on its own fails the demo, with its last lines; nothing is left',
  async () => {
    await using demo = new DemoProcess(['--tasks', '200'])
    const [, pid] = await demo.says(/demo-runner-2 \(process (\d+)\)/)
    await demo.says(/Work, and a crash/)
    const processes = await demo.processes()
    process.kill(Number(pid), 'SIGTERM')
    const { code, stdout, stderr } = await demo.ended
    expect([code, stdout], stderr).toEqual([1, ''])
    expect(stderr).toMatch(
      /demo-runner-2 ended on its own: exit code 0; the last it wrote:\n(?: {4}.*\n)* {4}draining: /,
    )
    expect(stderr).toMatch(/error: TOWLINE_DEMO_FAILED: demo-runner-2 ended on its own: exit code 0\n$/)
    expect(processes.filter(isAlive)).toEqual([])
  },
  MINUTE,
)

test.concurrent(
  'a dev broker that dies fails the demo within seconds',
  async () => {
    await using demo = new DemoProcess(['--tasks', '200'])
    const [, pid] = await demo.says(/registry at \S+ \(process (\d+)\)/)
    await demo.says(/Work, and a crash/)
    const processes = await demo.processes()
    const startedMs = systemClock.monotonicMs()
    process.kill(Number(pid), 'SIGKILL')
    const { code, stderr } = await demo.ended
    expect(code, stderr).toBe(1)
    expect(stderr).toMatch(/error: TOWLINE_DEMO_FAILED: the dev broker ended on its own: SIGKILL\n$/)
    expect(processes.filter(isAlive)).toEqual([])
    expect(systemClock.monotonicMs() - startedMs).toBeLessThan(30_000)
  },
  MINUTE,
)

test.concurrent.each([
  ['--broker', '127.0.0.1:9092'],
  ['--registry', 'http://127.0.0.1:8081'],
])('%s alone is refused, and nothing is started', async (flag, address) => {
  await using demo = new DemoProcess([flag, address])
  const { code, stdout, stderr } = await demo.ended
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toBe(
    `error: TOWLINE_OPTION_INVALID: the demo got ${flag} alone. Give both --broker and --registry, or none of them for a dev broker\n`,
  )
})

test.concurrent('where no broker answers it says so within seconds', async () => {
  const port = await unusedPort()
  const startedMs = systemClock.monotonicMs()
  await using demo = new DemoProcess(['--broker', `127.0.0.1:${port}`, '--registry', `http://127.0.0.1:${port}`])
  const { code, stdout, stderr } = await demo.ended
  expect([code, stdout], stderr).toEqual([1, ''])
  expect(stderr).toMatch(/error: TOWLINE_BROKER_UNAVAILABLE: .*127\.0\.0\.1:/)
  expect(systemClock.monotonicMs() - startedMs).toBeLessThan(20_000)
})

/** A port nobody listens on: one that was free a moment ago. */
async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 1
}
