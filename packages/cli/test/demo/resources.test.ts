import { expect, test } from 'vitest'
import { Resources } from '../../src/demo/resources.ts'

test('releases in the reverse order, each whatever became of the others, and says which could not be', async () => {
  const resources = new Resources()
  const released: string[] = []
  const add = (name: string, problem?: string): void =>
    resources.add(name, async () => {
      released.push(name)
      if (problem !== undefined) throw new Error(problem)
    })
  add('stop the broker')
  add('close the fleet', 'it hangs')
  add('stop the runners')
  expect(resources.isEmpty).toBe(false)
  expect(await resources.release()).toEqual(['close the fleet: it hangs'])
  expect(released).toEqual(['stop the runners', 'close the fleet', 'stop the broker'])
  expect(resources.isEmpty).toBe(true)
  expect(await resources.release()).toEqual([])
})

test('releases also what is added while it releases', async () => {
  const resources = new Resources()
  const released: string[] = []
  resources.add('first', async () => {
    resources.add('late', async () => void released.push('late'))
    released.push('first')
  })
  await resources.release()
  expect(released).toEqual(['first', 'late'])
})
