import { isTowlineError, type TowlineError } from '@towline/contracts'
import { describe, expect, test } from 'vitest'
import { CONFIG_OPTIONS, OPTION_NAMES } from '../src/config/config-options.ts'
import { type ConfigOverrides, type Env, resolveConfig } from '../src/config/resolve-config.ts'
import type { TowlineConfig } from '../src/config/towline-config.ts'
import { workAgent, workType } from './agents.ts'

function refusal(config: unknown, overrides: ConfigOverrides = {}, env: Env = {}): TowlineError {
  try {
    resolveConfig(config as TowlineConfig, overrides, env, 'towline.config.ts')
  } catch (error) {
    if (isTowlineError(error)) return error
    throw error
  }
  throw new Error('the configuration was accepted')
}

describe('precedence', () => {
  const config = { brokers: 'file:1', namespace: 'file', log: { level: 'error' } } as const

  test('a flag wins over a variable, a variable over the file, the file over the default', () => {
    const env = { TOWLINE_BROKERS: 'env:2', TOWLINE_NAMESPACE: 'env' }
    const resolved = resolveConfig(config, { brokers: 'flag:3' }, env)
    expect(resolved.brokers).toEqual(['flag:3'])
    expect(resolved.namespace).toBe('env')
    expect(resolved.logLevel).toBe('error')
    expect(resolved.clientId).toBe('towline')
  })

  test('an empty variable counts as unset', () => {
    expect(resolveConfig(config, {}, { TOWLINE_NAMESPACE: '' }).namespace).toBe('file')
  })

  test('nothing given is the dev broker of this machine', () => {
    const { brokers, registry, runner } = resolveConfig({})
    expect(brokers).toEqual(['127.0.0.1:9092'])
    expect(registry).toEqual({ url: 'http://127.0.0.1:8081', auth: undefined })
    expect(runner).toEqual({ drainMs: 25_000, maxInFlight: 2_000, runnerId: undefined })
  })

  test('a value that loses is not looked at', () => {
    expect(resolveConfig({}, { brokers: 'a:1' }, { TOWLINE_BROKERS: 'nonsense' }).brokers).toEqual(['a:1'])
  })
})

describe('values', () => {
  test('brokers are a list or comma-separated text', () => {
    expect(resolveConfig({ brokers: 'a:1, b:2' }).brokers).toEqual(['a:1', 'b:2'])
    expect(resolveConfig({ brokers: ['a:1', '[::1]:2'] }).brokers).toEqual(['a:1', '[::1]:2'])
  })

  test('text of a variable becomes what the option is', () => {
    const env = { TOWLINE_SSL: 'true', TOWLINE_MAX_IN_FLIGHT: '7', TOWLINE_DRAIN: '3s', TOWLINE_PARTITIONS_TASKS: '24' }
    const resolved = resolveConfig({}, {}, env)
    expect(resolved.ssl).toBe(true)
    expect(resolved.runner).toMatchObject({ maxInFlight: 7, drainMs: 3_000 })
    expect(resolved.topics.partitions).toEqual({ tasks: 24 })
  })

  test('credentials are taken out of the registry URL', () => {
    const { registry } = resolveConfig({ registry: 'https://me:s%40crt@registry.example/path/' })
    expect(registry).toEqual({ url: 'https://registry.example/path', auth: { username: 'me', password: 's@crt' } })
  })

  test('agent types are those of the agents and those that run elsewhere, each once', () => {
    const here = workAgent('here')
    const elsewhere = workType('elsewhere')
    const { agentTypes } = resolveConfig({ agents: [here], agentTypes: [elsewhere, here.agentType] })
    expect(agentTypes.map(({ type }) => type)).toEqual(['here', 'elsewhere'])
  })
})

describe('refusals name the option, the variable, the value and the bound', () => {
  const bad: readonly [option: string, value: string][] = [
    ['brokers', 'nohost'],
    ['brokers', 'host:0'],
    ['brokers', 'host:65536'],
    ['brokers', 'a:1,,b:2'],
    ['registry.url', 'ftp://registry'],
    ['namespace', 'Prod'],
    ['namespace', 'towline'],
    ['clientId', 'two words'],
    ['ssl', 'yes'],
    ['sasl.mechanism', 'gssapi'],
    ['topics.partitions.tasks', '0'],
    ['topics.retention', '1 week'],
    ['topics.maxMessageBytes', '1024'],
    ['runner.drain', '25'],
    ['runner.maxInFlight', '1.5'],
    ['log.level', 'loud'],
  ]

  test.each(bad)('%s = %s', (option, value) => {
    const { variable, bound } = CONFIG_OPTIONS[option as keyof typeof CONFIG_OPTIONS]
    const error = refusal({}, {}, { [variable]: value })
    expect(error.code).toBe('TOWLINE_OPTION_INVALID')
    expect(error.message).toContain(`${option} must be ${bound}, got ${JSON.stringify(value)} (variable ${variable})`)
    expect(error.bound).toBe(bound)
  })

  test('in the file it is the configuration that is invalid, and the file is named', () => {
    const error = refusal({ runner: { maxInFlight: 0 } })
    expect(error.code).toBe('TOWLINE_CONFIG_INVALID')
    expect(error.message).toContain(
      'runner.maxInFlight must be a whole number from 1 to 1000000, got 0 (option runner.maxInFlight of towline.config.ts)',
    )
  })

  test('an option nobody knows is named with those there are', () => {
    expect(refusal({ borkers: 'a:1' }).message).toContain(
      'unknown option borkers (towline.config.ts). Choose among: brokers',
    )
    expect(refusal({ registry: { uri: 'x' } }).message).toContain('unknown option registry.uri')
    expect(refusal({ topics: { partitions: { task: 3 } } }).message).toContain(
      'unknown option topics.partitions.task (towline.config.ts). Choose among: topics.partitions.tasks',
    )
  })

  test('what is no configuration at all is said so', () => {
    expect(refusal(null).message).toContain('the configuration must be an object, got null')
    expect(refusal({ agents: [{}] }).message).toContain('option agents.0 must be what defineAgent() returns, got {}')
    expect(refusal({ agentTypes: ['digest'] }).message).toContain(
      'option agentTypes.0 must be what defineAgentType() returns',
    )
  })

  test('an agent type that stands twice is refused', () => {
    expect(refusal({ agents: [workAgent('twin'), workAgent('twin')] }).message).toContain(
      'agent type twin is defined twice',
    )
    const agent = workAgent('twin')
    expect(refusal({ agents: [agent, agent] }).message).toContain('agent twin stands twice')
  })

  test('credentials come together or not at all', () => {
    expect(refusal({ sasl: { username: 'me' } }).message).toContain('sasl is only partly given')
    expect(refusal({}, {}, { TOWLINE_REGISTRY_PASSWORD: 'x' }).message).toContain('registry is only partly given')
  })
})

describe('secrets', () => {
  test('no error shows a password', () => {
    const secret = 'hunter2hunter2'
    const errors = [
      refusal({ sasl: { password: secret } }),
      refusal({ registry: { url: 'http://a', password: secret } }),
      refusal({ registry: `ftp://me:${secret}@registry` }),
      refusal({ brokers: `https://me:${secret}@broker:9092` }),
      refusal({}, {}, { TOWLINE_REGISTRY: `ftp://me:${secret}@registry` }),
      refusal({}, {}, { TOWLINE_REGISTRY: `me:${secret}@registry:8081` }),
      refusal({ registry: `http://me:a/b ${secret}@reg istry` }),
      refusal({ brokers: ['a:1', `me:@/${secret}@b:2`] }),
      refusal({ sasl: `plain:me:${secret}` }),
    ]
    for (const error of errors) expect(`${error.message} ${error.value} ${error.stack}`).not.toContain(secret)
  })

  test('a password that is no text is refused without being shown', () => {
    expect(refusal({ sasl: { password: 12345678 } }).message).toContain('sasl.password must be text, got (hidden)')
  })
})

test('every option has a variable of its own', () => {
  const variables = OPTION_NAMES.map((name) => CONFIG_OPTIONS[name].variable)
  expect(new Set(variables).size).toBe(variables.length)
  expect(variables.every((variable) => /^TOWLINE_[A-Z_]+$/.test(variable))).toBe(true)
})

test('agents of any input and output are accepted by the type of the configuration', () => {
  const config: TowlineConfig = { agents: [workAgent('one')], agentTypes: [workType('two')] }
  expect(resolveConfig(config).agents).toHaveLength(1)
})
