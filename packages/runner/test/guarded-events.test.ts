import { once } from 'node:events'
import { settle } from '@towline/kafka/memory'
import { expect, test } from 'vitest'
import { GuardedEvents } from '../src/guarded-events.ts'

const recovered = { agent: 'digest' }

function guarded() {
  const warnings: object[] = []
  const silent = { debug() {}, info() {}, error() {}, child: () => log }
  const log = { ...silent, warn: (fields: object) => warnings.push(fields) }
  return { events: new GuardedEvents(log), warnings }
}

test('V1: a listener that throws is logged with its event, and neither its neighbours nor the runner notice', () => {
  const { events, warnings } = guarded()
  const told: unknown[] = []
  const error = new Error('a listener')
  events.on('registry:recovered', () => {
    throw error
  })
  events.on('registry:recovered', (payload) => told.push(payload))
  expect(events.emit('registry:recovered', recovered)).toBe(true)
  expect(told).toEqual([recovered])
  expect(warnings).toEqual([{ err: error, event: 'registry:recovered' }])
})

test('V1: a listener that rejects is logged as one that throws', async () => {
  const { events, warnings } = guarded()
  const error = new Error('a listener')
  const rejects: () => unknown = () => Promise.reject(error)
  events.on('registry:recovered', rejects)
  events.emit('registry:recovered', recovered)
  await settle()
  expect(warnings).toEqual([{ err: error, event: 'registry:recovered' }])
})

test('is an emitter otherwise: once is once, and an event without listeners was heard by nobody', async () => {
  const { events } = guarded()
  expect(events.emit('registry:recovered', recovered)).toBe(false)
  const heard = once(events, 'registry:recovered')
  expect(events.emit('registry:recovered', recovered)).toBe(true)
  expect(await heard).toEqual([recovered])
  expect(events.emit('registry:recovered', recovered)).toBe(false)
})
