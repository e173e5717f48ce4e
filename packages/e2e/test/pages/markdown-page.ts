import { globSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '../../../..')
const FENCE = /^```(\S*)[^\n]*\n([\s\S]*?)^```$/gm
const FILE_NAME = /^(?:\/\/|#) ([\w./-]+\.\w+)(?::|$)/

/** A fenced block of a page. */
export interface Block {
  /** What stands behind the opening fence, as `ts` or `sh`. Empty where nothing does. */
  readonly language: string
  readonly text: string
  /** The file it is, where its first line is a comment that begins with a file's name: `// agents/shout.ts`. */
  readonly file: string | null
  /** The heading it stands under. Empty before the first. */
  readonly heading: string
  /** Of its opening fence, from 1. */
  readonly line: number
}

/** A Markdown file of this repository, by its path from the root. */
export interface Page {
  readonly path: string
  readonly text: string
  readonly blocks: readonly Block[]
}

export function readPage(path: string): Page {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const blocks = [...text.matchAll(FENCE)].map((match) => {
    const [, language = '', block = ''] = match
    const before = text.slice(0, match.index)
    return {
      language,
      text: block,
      file: FILE_NAME.exec(block.slice(0, block.indexOf('\n')))?.[1] ?? null,
      heading: headingAbove(before),
      line: before.split('\n').length,
    }
  })
  return { path, text, blocks }
}

/** Every page of docs/. */
export function docsPages(): readonly Page[] {
  return globSync('docs/**/*.md', { cwd: ROOT })
    .toSorted()
    .map((path) => readPage(path))
}

/** Writes the blocks that are files where their first lines say. */
export async function writeFiles(blocks: readonly Pick<Block, 'file' | 'text'>[], folder: string): Promise<void> {
  for (const { file, text } of blocks) {
    if (file === null) continue
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
}

/** What a reader of the page does with a block: type it, or write the file it is. */
export function scriptOf({ file, text }: Block): string {
  if (file === null) return text
  return `mkdir -p "$(dirname '${file}')"\ncat > '${file}' <<'END-OF-${file}'\n${text}END-OF-${file}`
}

function headingAbove(text: string): string {
  const prose = text.replace(FENCE, '')
  return [...prose.matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? ''
}
