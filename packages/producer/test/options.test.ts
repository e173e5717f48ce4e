import { expect, test } from 'vitest'
import { resolveConnectOptions } from '../src/options.ts'

const given = { brokers: 'a:1', registry: 'http://r' }

test('brokers may be a list or text with commas', () => {
  const brokers = (value: string | readonly string[]): string[] =>
    resolveConnectOptions({ ...given, brokers: value }, {}).brokers
  expect(brokers('a:1, b:2,')).toEqual(['a:1', 'b:2'])
  expect(brokers(['a:1', 'b:2'])).toEqual(['a:1', 'b:2'])
})

test('an option comes before the environment, which comes before the default; an empty variable is unset', () => {
  const env = { TOWLINE_BROKERS: 'env:1', TOWLINE_REGISTRY: 'http://env', TOWLINE_NAMESPACE: 'env' }
  expect(resolveConnectOptions({}, env)).toMatchObject({
    brokers: ['env:1'],
    registry: 'http://env',
    namespace: 'env',
    clientId: 'towline',
    deliveryTimeoutMs: 120_000,
    maxBufferedBytes: 32 * 1024 * 1024,
    registerSchemas: false,
  })
  expect(resolveConnectOptions({ ...given, namespace: 'own' }, env)).toMatchObject({
    brokers: ['a:1'],
    registry: 'http://r',
    namespace: 'own',
  })
  expect(resolveConnectOptions(given, { TOWLINE_NAMESPACE: '' }).namespace).toBeUndefined()
})

test.each([
  [{ registry: 'http://r' }, 'TOWLINE_OPTION_INVALID', 'TOWLINE_BROKERS'],
  [{ ...given, brokers: ' , ' }, 'TOWLINE_OPTION_INVALID', 'TOWLINE_BROKERS'],
  [{ brokers: 'a:1' }, 'TOWLINE_OPTION_INVALID', 'TOWLINE_REGISTRY'],
  [{ ...given, namespace: 'Not-A-Name' }, 'TOWLINE_NAME_INVALID', 'namespace'],
  [{ ...given, deliveryTimeoutMs: 0 }, 'TOWLINE_OPTION_INVALID', 'deliveryTimeoutMs'],
  [{ ...given, maxBufferedBytes: Number.NaN }, 'TOWLINE_OPTION_INVALID', 'maxBufferedBytes'],
])('%j is refused with %s, naming %s', (options, code, named) => {
  expect(() => resolveConnectOptions(options, {})).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(named) }),
  )
})
