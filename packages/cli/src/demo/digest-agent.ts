import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Agent, type AgentType, defineAgent, defineAgentType, TerminalError } from '@towline/contracts'
import { DigestReport, type Heading } from '../generated/digest-report.ts'
import { DigestRequest } from '../generated/digest-request.ts'
import { digest } from './digest.ts'

/** The demo's agent type: what a Markdown document says, in short. */
export const digestType: AgentType<DigestRequest, DigestReport> = defineAgentType({
  type: 'digest',
  input: DigestRequest,
  output: DigestReport,
})

export interface DigestAgentOptions {
  /** Where the lexicon service listens: it knows the stop words of a language. */
  readonly lexiconUrl: string
  /** Without the fix the agent breaks on a document that has no heading. */
  readonly isFixed: boolean
}

/** The demo's agent. It asks a service of its own for stop words, and that service is not always well. */
export function createDigestAgent({ lexiconUrl, isFixed }: DigestAgentOptions): Agent<DigestRequest, DigestReport> {
  return defineAgent(digestType, {
    concurrency: 8,
    timeout: '10s',
    retry: { maxAttempts: 3, delays: ['1s', '2s'], tiers: ['1s', '2s'] },
    async run({ path, markdown }, { taskId, signal, span }) {
      if (markdown.trim() === '') throw new TerminalError(`${path} is empty: there is nothing to digest`)
      const stopWords = await span('stop words', () => fetchStopWords(lexiconUrl, taskId, signal))
      const body = digest(markdown, { stopWords, exists: linkTest(dirname(resolve(path))) })
      return { path, title: isFixed ? titleOf(body.headings) : titleOfFirst(body.headings), ...body }
    },
  })
}

/**
 * Whether a relative link of a document in `folder` leads to a file. One that begins with a slash counts from the root
 * of the repository, as it does where documents are read; that of the package is the nearest thing here.
 */
function linkTest(folder: string): (target: string) => boolean {
  const root = packageRoot(folder)
  return (target) => existsSync(target.startsWith('/') ? join(root, fileOf(target)) : resolve(folder, fileOf(target)))
}

function packageRoot(folder: string): string {
  const parent = dirname(folder)
  return parent === folder || existsSync(join(folder, 'package.json')) ? folder : packageRoot(parent)
}

/** The file a relative link names: without query and fragment, percent signs decoded where they can be. */
function fileOf(target: string): string {
  const path = target.replace(/[?#].*$/, '')
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}

function titleOf(headings: readonly Heading[]): string | null {
  return headings[0]?.text ?? null
}

/** The defect that the demo fixes: it takes for granted that every document has a heading. */
function titleOfFirst(headings: readonly Heading[]): string {
  return (headings[0] as Heading).text
}

async function fetchStopWords(lexiconUrl: string, taskId: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const response = await fetch(`${lexiconUrl}/stop-words/en?for=${taskId}`, { signal })
  if (!response.ok) throw new Error(`the lexicon answered ${response.status} ${response.statusText}`)
  return new Set((await response.json()) as string[])
}
