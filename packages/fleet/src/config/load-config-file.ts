import { access, readdir } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isTowlineError, TowlineError } from '@towline/contracts'
import { checkConfig } from './check-config.ts'
import type { TowlineConfig } from './towline-config.ts'

/** Names looked for in a folder, in this order. */
export const CONFIG_FILE_NAMES = [
  'towline.config.ts',
  'towline.config.mts',
  'towline.config.js',
  'towline.config.mjs',
] as const

/** The configuration file of a folder, or undefined. The folders above are not searched. */
export async function findConfigFile(folder: string): Promise<string | undefined> {
  const present = new Set<string>(await readdir(folder).catch(() => []))
  const name = CONFIG_FILE_NAMES.find((candidate) => present.has(candidate))
  return name === undefined ? undefined : resolve(folder, name)
}

/**
 * Loads and checks a configuration file by importing it: its code runs, agents and all.
 *
 * @param folder What a relative path starts from.
 * @throws TowlineError TOWLINE_CONFIG_UNREADABLE when the file is missing or does not load; TOWLINE_CONFIG_INVALID when
 * what it exports breaks a rule. An error of `defineAgent` and the like inside the file comes through as it is.
 */
export async function loadConfigFile(path: string, folder: string = process.cwd()): Promise<TowlineConfig> {
  const file = resolve(folder, path)
  await access(file).catch((cause: unknown) => {
    throw new TowlineError('TOWLINE_CONFIG_UNREADABLE', `cannot read ${file}: ${reasonOf(cause)}`, {
      value: path,
      wayOut: 'Name the file by --config, or make a towline.config.ts that exports defineConfig({ … }) by default',
      cause,
    })
  })
  const module = await importFile(file)
  if (!('default' in module)) {
    throw new TowlineError('TOWLINE_CONFIG_INVALID', `${file} has no default export`, {
      value: path,
      wayOut: 'Write export default defineConfig({ … })',
    })
  }
  return checkConfig(module['default'], basename(file))
}

async function importFile(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>
  } catch (cause) {
    if (isTowlineError(cause)) throw cause
    throw new TowlineError('TOWLINE_CONFIG_UNREADABLE', `${file} does not load: ${reasonOf(cause)}`, {
      value: file,
      wayOut: 'Correct it; towline --verbose shows where',
      cause,
    })
  }
}

/** First line of what was thrown: a syntax error of Node carries its source excerpt below. */
function reasonOf(thrown: unknown): string {
  const code = (thrown as NodeJS.ErrnoException | null)?.code
  if (code === 'ENOENT') return 'no such file'
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  return text.split('\n', 1)[0] ?? text
}
