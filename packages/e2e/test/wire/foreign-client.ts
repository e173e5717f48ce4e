import { type Block, readPage, writeFiles } from '../pages/markdown-page.ts'
import { runShell } from '../pages/run-shell.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import type { TestFleet } from '../test-fleet.ts'

const PAGE = 'docs/wire.md'
const CLIENTS = 'Clients in other languages'

/** A task as publish.py of docs/wire.md takes it. */
export interface ForeignTask {
  readonly value: { readonly text: string }
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** The programs and commands of docs/wire.md, as a reader of the page would have them in a folder. */
export class ForeignClient {
  readonly #folder: string
  readonly #blocks: readonly Block[]
  readonly #env: Readonly<Record<string, string | undefined>>

  private constructor(folder: string, blocks: readonly Block[], env: Readonly<Record<string, string | undefined>>) {
    this.#folder = folder
    this.#blocks = blocks
    this.#env = env
  }

  static async create(fleet: TestFleet, path = process.env['PATH']): Promise<ForeignClient> {
    const { blocks } = readPage(PAGE)
    const folder = temporaryFolder()
    await writeFiles(blocks, folder)
    const env = { ...process.env, ...fleet.environment(), AGENT: `${fleet.namespace}.shout`, PATH: path }
    return new ForeignClient(folder, blocks, { ...env, no_proxy: '127.0.0.1', NODE_OPTIONS: undefined })
  }

  /** Runs every command under one heading of the page, and gives what they print. */
  async runSection(heading: string): Promise<string> {
    const scripts = [CLIENTS, heading].map((title) => {
      const found = this.#blocks.filter((block) => block.language === 'sh' && block.heading === title)
      if (found.length === 0) throw new Error(`${PAGE} has no commands under ${JSON.stringify(title)}`)
      return found.map(({ text }) => text).join('\n')
    })
    return await this.run(scripts.join('\n'))
  }

  /** Runs a script in the folder. */
  async run(script: string, stdin?: string): Promise<string> {
    return await runShell(script, { cwd: this.#folder, env: this.#env, ...(stdin === undefined ? {} : { stdin }) })
  }

  /** Publishes with publish.py, one after another. */
  async publish(tasks: readonly ForeignTask[]): Promise<readonly Place[]> {
    const printed = await this.run('python publish.py', tasks.map((task) => `${JSON.stringify(task)}\n`).join(''))
    return placesIn(printed)
  }
}

/** What publish.py prints. */
export function placesIn(printed: string): readonly Place[] {
  const lines = printed.matchAll(/^(\S+\.tasks) (\d+) (\d+)$/gm)
  return [...lines].map(([, topic = '', partition, offset]) => ({
    topic,
    partition: Number(partition),
    offset: Number(offset),
  }))
}
