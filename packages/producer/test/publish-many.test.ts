import type { RecordSender } from '@towline/kafka'
import { expect, test } from 'vitest'
import { publishEach } from '../src/publish/publish-many.ts'

const ITEMS = Array.from({ length: 5_000 }, (_, n) => n)

/** Publishes that end when the test says so, each taking a byte meanwhile. */
class Publishes {
  readonly #ends = new Map<number, (outcome: string) => void>()
  most = 0

  get sender(): RecordSender {
    return { bufferedBytes: this.#ends.size } as RecordSender
  }

  readonly publish = (n: number): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>()
    this.#ends.set(n, resolve)
    this.most = Math.max(this.most, this.#ends.size)
    return promise
  }

  end(which: (n: number) => boolean = () => true): number {
    const due = [...this.#ends].filter(([n]) => which(n))
    for (const [n, resolve] of due) {
      this.#ends.delete(n)
      resolve(`outcome ${n}`)
    }
    return due.length
  }

  async endAll(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve))
    while (this.end() > 0)
  }
}

test('gives each outcome at the place of its item, with a bounded number on their way', async () => {
  const publishes = new Publishes()
  const all = publishEach(ITEMS, publishes.publish, { sender: publishes.sender, maxBufferedBytes: 1_000_000 })
  await publishes.endAll()
  expect(await all).toEqual(ITEMS.map((n) => `outcome ${n}`))
  expect(publishes.most).toBe(1_000)
})

test('an item that takes long holds the others back, and the event loop not at all', async () => {
  const publishes = new Publishes()
  const all = publishEach(ITEMS, publishes.publish, { sender: publishes.sender, maxBufferedBytes: 1_000_000 })
  let ended: number
  do {
    await new Promise((resolve) => setImmediate(resolve))
    ended = publishes.end((n) => n !== 7)
  } while (ended > 0)
  expect(publishes.end((n) => n === 7)).toBe(1)
  await publishes.endAll()
  expect(await all).toEqual(ITEMS.map((n) => `outcome ${n}`))
})

test('waits for room while the buffer is more than half full', async () => {
  const publishes = new Publishes()
  const { publish } = publishes
  const sender = Object.defineProperty({}, 'bufferedBytes', { get: () => publishes.sender.bufferedBytes })
  const all = publishEach(ITEMS, publish, { sender: sender as RecordSender, maxBufferedBytes: 20 })
  await publishes.endAll()
  expect(await all).toHaveLength(ITEMS.length)
  expect(publishes.most).toBe(11)
})
