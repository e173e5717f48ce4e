import { expect, test } from 'vitest'
import { KeyOrder } from '../src/measure/key-order.ts'

test('tells tasks that run beside or after a later one of their key, and no others', () => {
  const order = new KeyOrder()
  order.started('a', 0)
  order.started('b', 1)
  order.ended('a')
  order.started('a', 2)
  expect(order.broken).toBe(0)
  order.started('a', 3) // beside 2
  expect(order.broken).toBe(1)
  order.ended('b')
  order.started('b', 0) // after 1
  expect(order.broken).toBe(2)
})
