import { type Agent, type AgentType, TowlineError } from '@towline/contracts'
import { z } from 'zod'
import { OPTION_NAMES, type OptionName } from './config-options.ts'
import { readOption, shownValue } from './option-value.ts'
import type { TowlineConfig } from './towline-config.ts'

/** The shape of the file. What the single options must be stands in CONFIG_OPTIONS; here only where they may stand. */
const FILE_SHAPE = z.strictObject({
  brokers: z.unknown().optional(),
  registry: z.union([z.string(), optionGroup('registry')]).optional(),
  namespace: z.unknown().optional(),
  clientId: z.unknown().optional(),
  ssl: z.unknown().optional(),
  sasl: optionGroup('sasl').optional(),
  agents: z.array(z.custom<Agent>(isAgent, 'must be what defineAgent() returns')).optional(),
  agentTypes: z
    .array(z.custom<AgentType<unknown, unknown>>(isAgentType, 'must be what defineAgentType() returns'))
    .optional(),
  topics: optionGroup('topics').optional(),
  producer: optionGroup('producer').optional(),
  runner: optionGroup('runner').optional(),
  log: optionGroup('log').optional(),
})

/**
 * Checks a whole configuration, as loaded or as written in code.
 *
 * @param file What errors call it.
 * @throws TowlineError TOWLINE_CONFIG_INVALID for an unknown option, a value out of bounds or an agent type given twice.
 */
export function checkConfig(raw: unknown, file: string): TowlineConfig {
  const parsed = FILE_SHAPE.safeParse(raw)
  if (!parsed.success) throw shapeError(parsed.error, raw, file)
  const config = raw as TowlineConfig
  const values = optionsOf(config)
  for (const name of OPTION_NAMES) {
    if (values[name] !== undefined) readOption(name, values[name], { kind: 'file', file })
  }
  refuseTwins(config, file)
  return config
}

/** The values a file gives, by option name; what it leaves out is absent. */
export function optionsOf(config: TowlineConfig): Partial<Record<OptionName, unknown>> {
  const registry = typeof config.registry === 'string' ? { url: config.registry } : config.registry
  const tree = { ...config, registry }
  return Object.fromEntries(OPTION_NAMES.map((name) => [name, valueAt(tree, name.split('.'))]))
}

/** An object of the options below a path; their values are checked one by one. */
function optionGroup(path: string): z.ZodType {
  const names = OPTION_NAMES.filter((name) => name.startsWith(`${path}.`)).map((name) => name.slice(path.length + 1))
  const keys = new Set(names.map((name) => name.split('.')[0] ?? name))
  const isGroup = (key: string): boolean => names.some((name) => name.startsWith(`${key}.`))
  const shape = [...keys].map((key) => [key, isGroup(key) ? optionGroup(`${path}.${key}`) : z.unknown()] as const)
  return z.strictObject(Object.fromEntries(shape)).partial()
}

function refuseTwins(config: TowlineConfig, file: string): void {
  const seen = new Map<string, AgentType<unknown, unknown>>()
  for (const type of [...(config.agents ?? []).map((agent) => agent.agentType), ...(config.agentTypes ?? [])]) {
    const twin = seen.get(type.type)
    if (twin !== undefined && twin !== type) {
      throw new TowlineError('TOWLINE_CONFIG_INVALID', `agent type ${type.type} is defined twice (${file})`, {
        value: type.type,
        wayOut: 'Give every agent type its own name',
      })
    }
    seen.set(type.type, type)
  }
  const agents = (config.agents ?? []).map((agent) => agent.agentType.type)
  const twice = agents.find((type, index) => agents.indexOf(type) !== index)
  if (twice === undefined) return
  throw new TowlineError('TOWLINE_CONFIG_INVALID', `agent ${twice} stands twice in agents (${file})`, {
    value: twice,
    wayOut: 'List every agent once',
  })
}

function shapeError(error: z.ZodError, raw: unknown, file: string): TowlineError {
  const issue = deepest(error.issues[0])
  const path = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => (path === '' ? key : `${path}.${key}`)).join(', ')
    const bound = knownOptions(path).join(', ')
    return new TowlineError('TOWLINE_CONFIG_INVALID', `unknown option ${keys} (${file})`, {
      value: keys,
      bound,
      wayOut: `Choose among: ${bound}`,
    })
  }
  const where = path === '' ? 'the configuration' : `option ${path}`
  const bound = issue.code === 'invalid_type' ? `must be ${article(issue.expected)}` : issue.message
  const found = valueAt(raw, issue.path)
  const value = path === '' || path === 'sasl' ? typeName(found) : shownValue(found) // A login may hold a password.
  return new TowlineError('TOWLINE_CONFIG_INVALID', `${where} ${bound}, got ${value} (${file})`, {
    value,
    bound,
    wayOut: 'Export by default what defineConfig({ … }) returns',
  })
}

/** Of a union the branch that got furthest tells most. */
function deepest(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue {
  if (issue === undefined) throw new TowlineError('TOWLINE_INTERNAL', 'a refused configuration without an issue')
  if (issue.code !== 'invalid_union') return issue
  const nested = issue.errors.flat().find((inner) => inner.code === 'unrecognized_keys') ?? issue.errors[0]?.[0]
  return nested === undefined ? issue : { ...nested, path: [...issue.path, ...nested.path] }
}

function knownOptions(path: string): readonly string[] {
  if (path === '') return Object.keys(FILE_SHAPE.shape)
  return OPTION_NAMES.filter((name) => name.startsWith(`${path}.`))
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], raw)
}

function typeName(raw: unknown): string {
  if (raw === undefined) return 'nothing'
  return raw === null ? 'null' : typeof raw
}

function article(expected: string): string {
  return `${/^[aeiou]/.test(expected) ? 'an' : 'a'} ${expected}`
}

function isAgent(value: unknown): boolean {
  const agent = value as Partial<Agent> | null | undefined
  return typeof agent === 'object' && agent !== null && typeof agent.run === 'function' && isAgentType(agent.agentType)
}

function isAgentType(value: unknown): boolean {
  const type = value as Partial<AgentType<unknown, unknown>> | null | undefined
  return typeof type?.type === 'string' && isSchema(type.input) && isSchema(type.output)
}

function isSchema(value: unknown): boolean {
  const schema = value as { readonly text?: unknown } | null | undefined
  return typeof schema?.text === 'string'
}
