import { expect, test } from 'vitest'
import { chosenBrokers } from '../src/ground/chosen-brokers.ts'

const silent = (): void => {}

test('--dev-broker alone gives a dev broker and nothing after it', async () => {
  const kinds: string[] = []
  for await (const broker of chosenBrokers({ devBroker: true }, { tell: silent })) {
    await using running = broker
    kinds.push(running.kind)
  }
  expect(kinds).toEqual(['dev-broker'])
})

test('a Kafka of yours is taken as it is, with a registry of its own unless one is named', async () => {
  const first = async (registry?: string) => {
    const flags = { broker: 'kafka-1:9092', ...(registry !== undefined && { registry }) }
    for await (const broker of chosenBrokers(flags, { tell: silent })) {
      await using running = broker
      return { kind: running.kind, brokers: running.brokers, registry: running.registry }
    }
    return null
  }
  expect(await first('http://registry:8081')).toEqual({
    kind: 'kafka',
    brokers: 'kafka-1:9092',
    registry: 'http://registry:8081',
  })
  expect((await first())?.registry).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
})

test('a registry without a broker is refused', async () => {
  await expect(chosenBrokers({ registry: 'http://registry:8081' }, { tell: silent }).next()).rejects.toThrow('--broker')
})
