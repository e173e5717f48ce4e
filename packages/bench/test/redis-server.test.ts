import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { startRedis } from '../src/ground/redis-server.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test('there is no Redis where PATH has none', async () => {
  vi.stubEnv('PATH', '/nowhere')
  expect(await startRedis()).toBeNull()
})

test('a Redis answers when it is there, and is gone when it was disposed', async ({ skip }) => {
  const redis = await startRedis()
  if (redis === null) return skip('PATH has no redis-server')
  const { port } = redis
  const socket = connect(port, '127.0.0.1')
  socket.write('PING\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  await redis[Symbol.asyncDispose]()
  expect(answer.toString()).toBe('+PONG\r\n')
  await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
