import { describe, expect, test } from 'vitest'
import { LazyResource } from '../src/lazy-resource.ts'

describe('a lazy resource', () => {
  test('is made once, when it is first asked for', async () => {
    let made = 0
    const resource = new LazyResource(
      async () => ({ number: ++made }),
      async () => {},
    )
    expect(made).toBe(0)
    const [one, two] = await Promise.all([resource.get(), resource.get()])
    expect(one).toBe(two)
    expect(made).toBe(1)
  })

  test('that failed to be made is tried again at the next call', async () => {
    let tries = 0
    const resource = new LazyResource(
      async () => {
        tries += 1
        if (tries === 1) throw new Error('not yet')
        return tries
      },
      async () => {},
    )
    await expect(resource.get()).rejects.toThrow('not yet')
    expect(await resource.get()).toBe(2)
  })

  test('is closed once, also when it was still being made, and refuses what comes after', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const closed: string[] = []
    const resource = new LazyResource(
      () => promise,
      async (made) => void closed.push(made),
    )
    const asked = resource.get()
    const closing = resource.close()
    resolve('port')
    await Promise.all([closing, resource.close()])
    expect(await asked).toBe('port')
    expect(closed).toEqual(['port'])
    await expect(resource.get()).rejects.toMatchObject({ code: 'TOWLINE_PRODUCER_CLOSED' })
  })

  test('that nobody asked for has nothing to close', async () => {
    let isMade = false
    const resource = new LazyResource(
      async () => {
        isMade = true
      },
      async () => {},
    )
    await resource.close()
    expect(isMade).toBe(false)
  })
})
