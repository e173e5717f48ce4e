import { systemClock } from '@towline/kafka'
import { expect, test } from 'vitest'
import { atMost, rejectWhenAborted, waitUntil } from '../../src/demo/wait-until.ts'

const never = new AbortController().signal

test('asks until there is an answer', async () => {
  let asked = 0
  const answer = await waitUntil('an answer', () => (++asked === 3 ? 'yes' : undefined), {
    clock: systemClock,
    timeoutMs: 10_000,
    signal: never,
  })
  expect([answer, asked]).toEqual(['yes', 3])
})

test('says in vain for what it waited', async () => {
  const waiting = waitUntil('a miracle', () => undefined, { clock: systemClock, timeoutMs: 150, signal: never })
  await expect(waiting).rejects.toMatchObject({
    code: 'TOWLINE_DEMO_FAILED',
    message: expect.stringMatching(/^waited 150 ms for a miracle, in vain\. Run it again; /) as unknown,
    bound: 150,
  })
})

test('an abort ends the wait with its reason, however long there is to wait', async () => {
  const abort = new AbortController()
  const reason = new Error('a process is gone')
  const waiting = waitUntil(
    'a miracle',
    () => {
      setTimeout(() => abort.abort(reason), 1)
      return undefined
    },
    { clock: systemClock, timeoutMs: 60_000, signal: abort.signal },
  )
  await expect(waiting).rejects.toBe(reason)
  await expect(rejectWhenAborted(abort.signal)).rejects.toBe(reason)
})

test('what throws is not asked again', async () => {
  const ask = () => Promise.reject(new Error('no broker'))
  await expect(waitUntil('it', ask, { clock: systemClock, timeoutMs: 60_000, signal: never })).rejects.toThrow(
    'no broker',
  )
})

test('atMost gives up on what takes too long, and passes on what does not', async () => {
  expect(await atMost(20, new Promise(() => undefined))).toBeUndefined()
  expect(await atMost(60_000, Promise.resolve('done'))).toBe('done')
  await expect(atMost(60_000, Promise.reject(new Error('failed')))).rejects.toThrow('failed')
})
