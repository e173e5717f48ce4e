import { connectKafka } from '@towline/kafka/kafkajs'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { documentErrors } from '../verbs/output-schemas.ts'
import { DemoProcess, isAlive } from './demo-process.ts'

const MINUTE = 60_000
const WAIT = { timeout: 10_000, interval: 100 }
/** What the account of 60 documents and one that is none says, whatever went wrong on the way. */
const ACCOUNT = { published: 61, lost: 0, openDeadLetters: 1, balanced: true }

function accountIn(stdout: string): Readonly<Record<string, number>> {
  const document = JSON.parse(stdout) as Record<string, number>
  expect(documentErrors('demo', 'json', document)).toBe('')
  return document
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
      expect(accountIn(stdout)).toMatchObject(ACCOUNT)
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
    const document = accountIn(stdout)
    expect(document).toMatchObject(ACCOUNT)
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
    expect(stderr).toMatch(
      /error: TOWLINE_DEMO_FAILED: demo-runner-2 ended on its own: exit code 0\. Run it again; .*\n$/,
    )
    expect(processes.filter(isAlive)).toEqual([])
  },
  MINUTE,
)
