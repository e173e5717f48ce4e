import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { KafkajsInternals } from '../../../src/kafkajs/kafkajs-internals.ts'
import { until } from '../../contract/bench.ts'
import { BOTH, patchedKafkajs } from '../pristine-kafkajs.ts'

interface Queue {
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  scheduleCheckPendingRequests(): void
  checkPendingRequests(): void
  maybeThrottle(ms: number): void
  push(request: object): void
  destroy(): void
}

function queueOf({ RequestQueue, createLogger }: KafkajsInternals): Queue {
  const Queue = RequestQueue as unknown as new (options: object) => Queue
  const logger = createLogger({ level: 0, logCreator: () => () => undefined })
  return new Queue({ requestTimeout: 1_000, enforceRequestTimeout: true, clientId: 'test', broker: 'test', logger })
}

test.each(BOTH)('an idle connection wakes nobody (patched: $patched)', async ({ patched, load }) => {
  const queue = queueOf(load())
  let wakeUps = 0
  const check = queue.checkPendingRequests.bind(queue)
  queue.checkPendingRequests = () => {
    wakeUps += 1
    check()
  }
  queue.scheduleCheckPendingRequests()
  await sleep(60)
  queue.destroy()
  if (patched) expect(wakeUps).toBe(0)
  else expect(wakeUps).toBeGreaterThan(10)
})

test('a request held back by throttling is sent when the throttling ends', async () => {
  const queue = queueOf(patchedKafkajs())
  queue.maybeThrottle(50)
  let sentAt = 0
  const askedAt = performance.now()
  queue.push({
    entry: {
      correlationId: 1,
      apiName: 'Test',
      apiKey: 0,
      apiVersion: 0,
      resolve: () => undefined,
      reject: () => undefined,
    },
    expectResponse: true,
    sendRequest: () => {
      sentAt = performance.now()
    },
  })
  expect(queue.throttleCheckTimeoutId).not.toBeNull()
  await until('it is sent', () => sentAt > 0)
  expect(sentAt - askedAt).toBeGreaterThanOrEqual(45)
  queue.destroy()
})
