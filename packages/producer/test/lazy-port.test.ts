import { expect, test } from 'vitest'
import { LazyPort } from '../src/lazy-port.ts'

function counted(fail: (opening: number) => boolean = () => false) {
  const counts = { opened: 0, closed: 0 }
  const port = {
    close: () => {
      counts.closed += 1
      return Promise.resolve()
    },
  }
  const lazy = new LazyPort(() => {
    counts.opened += 1
    return fail(counts.opened) ? Promise.reject(new Error('not now')) : Promise.resolve(port)
  })
  return { counts, port, lazy }
}

test('it is opened once, when first needed, for all who ask', async () => {
  const { counts, port, lazy } = counted()
  expect(counts.opened).toBe(0)
  expect(await Promise.all([lazy.get(), lazy.get()])).toEqual([port, port])
  await lazy.close()
  expect(counts).toEqual({ opened: 1, closed: 1 })
})

test('a failure is for those who waited; the next tries again', async () => {
  const { counts, port, lazy } = counted((opening) => opening === 1)
  const results = await Promise.allSettled([lazy.get(), lazy.get()])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await lazy.get()).toBe(port)
  expect(counts.opened).toBe(2)
})

test('what was never opened is not opened to be closed, nor after', async () => {
  const { counts, lazy } = counted()
  await lazy.close()
  await expect(lazy.get()).rejects.toMatchObject({ code: 'TOWLINE_PRODUCER_CLOSED' })
  expect(counts).toEqual({ opened: 0, closed: 0 })
})
