import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findConfigFile, loadConfigFile } from '../src/config/load-config-file.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'towline-config-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function fileWith(name: string, source: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, source)
  return path
}

describe('loading', () => {
  test('the default export of a TypeScript module is the configuration', async () => {
    const path = await fileWith('good.config.ts', "const brokers: string = 'a:1'\nexport default { brokers }\n")
    expect(await loadConfigFile(path)).toEqual({ brokers: 'a:1' })
  })

  test('a relative path starts from the folder given', async () => {
    await fileWith('relative.config.mjs', "export default { namespace: 'x' }\n")
    expect(await loadConfigFile('relative.config.mjs', folder)).toEqual({ namespace: 'x' })
  })

  const unreadable: readonly [what: string, source: string | undefined, reason: RegExp][] = [
    ['a missing file', undefined, /cannot read .*missing-0\.ts: no such file\. Name the file by --config/],
    ['a syntax error', 'export default {', /does not load: \w*Error/],
    [
      'an import that does not exist',
      "import './nowhere.ts'\nexport default {}\n",
      /does not load: Error: Cannot find module/,
    ],
    ['code that throws', "throw new Error('boom')\n", /does not load: Error: boom/],
    ['code that throws something odd', 'throw null\n', /does not load: null/],
  ]
  test.each(unreadable)('%s is unreadable, with the way out', async (what, source, reason) => {
    const name = source === undefined ? 'missing-0.ts' : `${what.replaceAll(' ', '-')}.ts`
    const path = source === undefined ? join(folder, name) : await fileWith(name, source)
    await expect(loadConfigFile(path)).rejects.toMatchObject({
      code: 'TOWLINE_CONFIG_UNREADABLE',
      message: expect.stringMatching(reason),
      wayOut: expect.any(String),
    })
  })

  test('a folder is unreadable', async () => {
    await expect(loadConfigFile(folder)).rejects.toMatchObject({ code: 'TOWLINE_CONFIG_UNREADABLE' })
  })

  test('a module without a default export is invalid', async () => {
    const path = await fileWith('named.ts', 'export const config = {}\n')
    await expect(loadConfigFile(path)).rejects.toMatchObject({
      code: 'TOWLINE_CONFIG_INVALID',
      message: expect.stringContaining('has no default export. Write export default defineConfig('),
    })
  })

  test('a value out of bounds is invalid, and the file is named', async () => {
    const path = await fileWith('bound.ts', "export default { brokers: 'nope' }\n")
    await expect(loadConfigFile(path)).rejects.toMatchObject({
      code: 'TOWLINE_CONFIG_INVALID',
      message: expect.stringContaining('(option brokers of bound.ts)'),
    })
  })

  test('an error of defineAgent inside the file comes through as it is', async () => {
    const path = await fileWith(
      'agent.ts',
      `import { TowlineError } from '${import.meta.resolve('@towline/contracts')}'
       throw new TowlineError('TOWLINE_AGENT_INVALID', 'agent x: concurrency must be at least 1, got 0')\n`,
    )
    await expect(loadConfigFile(path)).rejects.toMatchObject({ code: 'TOWLINE_AGENT_INVALID' })
  })
})

describe('finding', () => {
  test('a folder without one has none, a folder that does not exist neither', async () => {
    expect(await findConfigFile(join(folder, 'nowhere'))).toBeUndefined()
    expect(await findConfigFile(folder)).toBeUndefined()
  })

  test('TypeScript comes before JavaScript', async () => {
    await fileWith('towline.config.mjs', 'export default {}\n')
    expect(await findConfigFile(folder)).toBe(join(folder, 'towline.config.mjs'))
    await fileWith('towline.config.ts', 'export default {}\n')
    expect(await findConfigFile(folder)).toBe(join(folder, 'towline.config.ts'))
  })
})
