import { expect, test } from 'vitest'
import { addDeliveries, countDelivery } from '../src/measure/delivery.ts'

test('counts what was lost, came twice and was never expected, apart from each other', () => {
  const delivery = countDelivery(['a', 'b', 'c', 'd'], ['a', 'c', 'c', 'c', 'x'])
  expect(delivery).toEqual({ expected: 4, lost: 2, duplicated: 2, unknown: 1 })
  expect(addDeliveries([delivery, delivery])).toEqual({ expected: 8, lost: 4, duplicated: 4, unknown: 2 })
})
