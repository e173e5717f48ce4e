import { expect, test } from 'vitest'
import { leaveFor } from '../src/supervisor/leave-for.ts'
import { Memberships } from '../src/supervisor/memberships.ts'

const one = { groupId: 'towline.orders.tasks', memberId: 'one' }
const two = { groupId: 'towline.orders.replay', memberId: 'two' }

test('what joins is held until it has left, told once or twice', () => {
  const memberships = new Memberships()
  for (const each of [one, two, one]) memberships.joining(each)
  expect(memberships.held()).toEqual([one, two])
  memberships.left(two)
  memberships.left({ ...one, memberId: 'another' })
  expect(memberships.held()).toEqual([one])
})

test('leaves every group it can, and names those it cannot', async () => {
  const left: string[] = []
  const refusal = new Error('not authorised')
  const admin = {
    leaveGroup: async (groupId: string, memberId: string): Promise<void> => {
      if (groupId === one.groupId) throw refusal
      left.push(memberId)
    },
  }
  const report = await leaveFor([one, two], () => Promise.resolve(admin))
  expect(report).toEqual({ left: 1, failed: [one.groupId], error: refusal })
  expect(left).toEqual(['two'])
})

test('a cluster out of reach is a report, not an exception', async () => {
  const away = new Error('nobody answers')
  const report = await leaveFor([one, two], () => Promise.reject(away))
  expect(report).toEqual({ left: 0, failed: [one.groupId, two.groupId], error: away })
})
