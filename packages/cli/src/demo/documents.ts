import type { Dirent } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { TowlineError } from '@towline/contracts'
import type { DigestRequest } from '../generated/digest-request.ts'

/** A document larger than this is passed over, in bytes: the demo is about many tasks, not about large ones. */
const MAX_DOCUMENT_BYTES = 256 * 1024

/**
 * The Markdown documents below every `node_modules` of a folder and its parents, in a stable order, at most `limit`. The
 * first of the folders where there are any counts. What cannot be read is passed over, and no link is followed.
 *
 * @throws TowlineError TOWLINE_INPUT_INVALID when there is none
 */
export async function findDocuments(folders: readonly string[], limit: number): Promise<DigestRequest[]> {
  for (const folder of folders) {
    const documents = await documentsIn(nodeModulesAbove(folder), limit)
    if (documents.length > 0) return documents
  }
  const where = folders.join(' and ')
  throw new TowlineError('TOWLINE_INPUT_INVALID', `no Markdown document was found in a node_modules of ${where}`, {
    value: where,
    wayOut: 'Run the demo in a project whose packages are installed',
  })
}

/** Nearest first. */
function nodeModulesAbove(folder: string): string[] {
  const parent = dirname(resolve(folder))
  const here = join(resolve(folder), 'node_modules')
  return parent === resolve(folder) ? [here] : [here, ...nodeModulesAbove(parent)]
}

async function documentsIn(roots: readonly string[], limit: number): Promise<DigestRequest[]> {
  const documents: DigestRequest[] = []
  for (const root of roots) {
    for await (const path of markdownFiles(root)) {
      if (documents.length >= limit) return documents
      const markdown = await readDocument(path)
      if (markdown !== undefined) documents.push({ path, packageName: packageOf(path), markdown })
    }
  }
  return documents
}

async function* markdownFiles(folder: string): AsyncGenerator<string> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => [])
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && entry.name !== '.cache') yield* markdownFiles(path)
    else if (entry.isFile() && entry.name.toLowerCase().endsWith('.md')) yield path
  }
}

/** Undefined when it is too large or cannot be read. */
async function readDocument(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).size > MAX_DOCUMENT_BYTES ? undefined : await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}

function packageOf(path: string): string | null {
  const inside = path.split(`${sep}node_modules${sep}`).at(-1)?.split(sep) ?? []
  const [first, second] = inside
  if (first === undefined) return null
  return first.startsWith('@') && second !== undefined ? `${first}/${second}` : first
}
