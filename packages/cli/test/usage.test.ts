import { describe, expect, test } from 'vitest'
import { createCli } from '../src/cli.ts'
import { createProgram } from '../src/program.ts'
import { fakeIo } from './fake-io.ts'
import { allVerbs } from './verbs/verbs-of.ts'

async function run(...argv: string[]) {
  const io = fakeIo()
  const cli = createCli(io)
  const code = await cli.run(createProgram(cli), argv)
  return { code, ...io.written }
}

const all = allVerbs()

describe('help', () => {
  test.each(all.map(({ name }) => name))('of %s shows an example that begins with the verb', async (name) => {
    const { code, stdout } = await run(...name.split(' '), '--help')
    expect(code).toBe(0)
    const examples = stdout.slice(stdout.indexOf('\nExamples:\n'))
    // Starting a replay is what the bare verb does; that is how its examples write it.
    expect(examples).toContain(`towline ${name === 'replay start' ? 'replay' : name}`)
    expect(stdout).toContain('--brokers <list>')
  })

  test('every argument and option is described', () => {
    for (const { name, command } of all) {
      for (const option of command.options) expect(option.description, `${name} ${option.flags}`).not.toBe('')
      for (const argument of command.registeredArguments)
        expect(argument.description, `${name} <${argument.name()}>`).not.toBe('')
    }
  })
})

describe('usage errors are exit code 2 and one message on stderr', () => {
  const bad: readonly [argv: string, says: string][] = [
    ['nope', "unknown command 'nope'"],
    ['publih', '(Did you mean publish?)'],
    ['lag --foo', "unknown option '--foo'"],
    ['lag -o xml', 'Allowed choices are table, json, jsonl'],
    ['dlq', 'Usage: towline dlq'],
    ['dlq list', "missing required argument 'agent'"],
    ['dlq list a b', "too many arguments for 'list'"],
    ['dlq list a --since yesterday', 'It must be -2h, a day, an ISO time'],
    ['dlq redrive a --all --rate 0', 'It must be a whole number from 1 to 1000000, got "0"'],
    ['dlq purge a --reason tired', 'Allowed choices are attempts-exhausted'],
    ['replay a --max few', 'It must be a whole number'],
    ['publish a --data {} --wait soon', "It must be a duration such as '250ms'"],
    ['dev-broker --port 70000', 'It must be a whole number from 0 to 65535, got "70000"'],
    ['lag --brokers nope', 'TOWLINE_OPTION_INVALID: brokers must be one or more host:port'],
    ['lag --registry nope', 'TOWLINE_OPTION_INVALID: registry.url must be an http or https URL'],
    ['lag --namespace Bad', 'TOWLINE_OPTION_INVALID: namespace must be [a-z][a-z0-9-]*'],
    ['lag --config nowhere.ts', 'TOWLINE_CONFIG_UNREADABLE: cannot read /nowhere/nowhere.ts: no such file'],
    ['run', 'TOWLINE_CONFIG_INVALID: the configuration has no agents. Name a file by --config'],
    ['topics plan', 'TOWLINE_CONFIG_INVALID: the configuration has no agents'],
    ['schemas push', 'TOWLINE_CONFIG_INVALID: the configuration has no agent types'],
    ['schemas types', 'TOWLINE_OPTION_INVALID: no folder was given for the types. Add --out'],
    ['schemas check', 'TOWLINE_INPUT_INVALID: cannot read /nowhere/schemas'],
  ]

  test.each(bad)('towline %s', async (argv, says) => {
    const { code, stdout, stderr } = await run(...argv.split(' '))
    expect(stderr).toContain(says)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})

test('a variable names the configuration file, a flag wins over it', async () => {
  const io = fakeIo({ env: { TOWLINE_CONFIG: 'from-variable.ts' } })
  const cli = createCli(io)
  expect(await cli.run(createProgram(cli), ['lag'])).toBe(2)
  expect(await cli.run(createProgram(cli), ['lag', '--config', 'from-flag.ts'])).toBe(2)
  expect(io.written.stderr).toMatch(/from-variable\.ts.*\n.*from-flag\.ts/)
})

test('an interrupt before anything was done is exit code 130', async () => {
  const io = fakeIo({ signal: AbortSignal.abort() })
  const cli = createCli(io)
  expect(await cli.run(createProgram(cli), ['lag', '--brokers', '127.0.0.1:1'])).toBe(130)
  expect(io.written).toEqual({ stdout: '', stderr: 'interrupted\n' })
})

test('without a verb it shows how it is used', async () => {
  const { code, stderr } = await run()
  expect(stderr).toContain('Usage: towline [options] [command]')
  expect(code).toBe(2)
})

test('--version is the version of the package', async () => {
  expect(await run('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
})
