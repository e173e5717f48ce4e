import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Block, type Page, scriptOf } from './markdown-page.ts'
import { runShell } from './run-shell.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const MODULES = join(ROOT, 'node_modules')
const CONDITION = '@towline/source'
const PROJECT_FILES = ['package.json', 'towline.config.ts', 'src']

const TSCONFIG = {
  extends: join(ROOT, 'tsconfig.base.json'),
  compilerOptions: {
    composite: false,
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    noEmit: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    rewriteRelativeImportExtensions: false,
  },
  include: ['docs/**/*.ts'],
}

/**
 * A folder as one that follows docs/guides/agent-developer.md has it: `towline`, `node` and the packages are there, and
 * what the page makes under "Make a project". Every page of the docs begins from a copy of it.
 */
export class PreparedProject implements Disposable {
  readonly folder: string
  readonly #bin: string

  private constructor(folder: string, bin: string) {
    this.folder = folder
    this.#bin = bin
  }

  /** An empty one, with the tools. */
  static create(): PreparedProject {
    const folder = mkdtempSync(join(tmpdir(), 'towline-docs-'))
    const bin = join(folder, 'node_modules/.bin')
    mkdirSync(bin, { recursive: true })
    for (const name of ['@towline', '@types', 'undici-types']) {
      symlinkSync(join(MODULES, name), join(folder, 'node_modules', name))
    }
    const towline = `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'packages/cli/src/main.ts')}" "$@"\n`
    writeFileSync(join(bin, 'towline'), towline, { mode: 0o755 })
    symlinkSync(process.execPath, join(bin, 'node'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }\n')
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG))
    return new PreparedProject(folder, bin)
  }

  copy(): PreparedProject {
    const folder = mkdtempSync(join(tmpdir(), 'towline-docs-'))
    cpSync(this.folder, folder, { recursive: true, verbatimSymlinks: true })
    return new PreparedProject(folder, join(folder, 'node_modules/.bin'))
  }

  /** Runs commands and writes files in the order of the page. */
  async follow(blocks: readonly Block[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    return await runShell(blocks.map(scriptOf).join('\n'), {
      cwd: this.folder,
      env: this.environment(env),
      timeoutMs: 100_000,
    })
  }

  /** What its commands find: `towline` and Node on the path, the packages as sources, and what is given. */
  environment(env: Readonly<Record<string, string>> = {}): Readonly<Record<string, string | undefined>> {
    return {
      ...process.env,
      NODE_OPTIONS: `--conditions=${CONDITION}`,
      NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/compile'),
      PATH: [this.#bin, process.env['PATH'] ?? ''].join(delimiter),
      TOWLINE_LOG_LEVEL: 'warn',
      ...env,
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** What is wrong with the TypeScript of some pages: each is a folder, with the project's files and its own. */
export async function typeErrors(project: PreparedProject, pages: readonly Page[]): Promise<readonly string[]> {
  using copy = project.copy()
  const typed = pages.filter(({ blocks }) => blocks.some(({ language }) => language === 'ts'))
  for (const { path, blocks } of typed) {
    const folder = join(copy.folder, path)
    for (const name of PROJECT_FILES) cpSync(join(project.folder, name), join(folder, name), { recursive: true })
    for (const { language, file, line, text } of blocks) {
      if (language !== 'ts') continue
      const target = join(folder, file ?? `line-${line}.ts`)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, text)
    }
  }
  const tsc = join(MODULES, 'typescript/bin/tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', copy.folder, '--pretty', 'false'], {
    cwd: copy.folder,
  }).catch((error: unknown) => error as { readonly stdout: string })
  // Other lines are about Towline's own sources: `npm run types` reports those.
  return stdout.split('\n').filter((line) => typed.some(({ path }) => line.startsWith(`${path}/`)))
}
