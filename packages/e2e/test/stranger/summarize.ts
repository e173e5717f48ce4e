// What a stranger writes in the first hour: an agent type with schemas of its own, and a mistake.

import type { Stranger } from './stranger.ts'

const PAGE = `{ "type": "record", "name": "Page", "fields": [
  { "name": "url", "type": "string" },
  { "name": "body", "type": "string" }
] }
`
const SUMMARY = `{ "type": "record", "name": "Summary", "fields": [
  { "name": "words", "type": "int" },
  { "name": "first", "type": ["null", "string"], "default": null }
] }
`
const TYPE = `import { type AgentType, defineAgentType } from '@towline/contracts'
import { Page } from './page.ts'
import { Summary } from './summary.ts'

export const summarize: AgentType<Page, Summary> = defineAgentType({ type: 'summarize', input: Page, output: Summary })
`
const CONFIG = `import { defineConfig } from '@towline/fleet'
import { summarizeAgent } from './src/summarize.ts'

export default defineConfig({ agents: [summarizeAgent] })
`

export function writeSchemas(stranger: Stranger): void {
  stranger.write('schemas/page.avsc', PAGE)
  stranger.write('schemas/summary.avsc', SUMMARY)
}

export function writeAgentType(stranger: Stranger): void {
  stranger.write('src/summarize.type.ts', TYPE)
  stranger.write('towline.config.ts', CONFIG)
}

/** An agent that counts words: `broken` forgets that a page may have none. */
export function writeAgent(stranger: Stranger, how: 'broken' | 'mended'): void {
  const words = how === 'broken' ? 'body.match(/\\w+/g)!' : 'body.match(/\\w+/g) ?? []'
  stranger.write(
    'src/summarize.ts',
    `import { type Agent, defineAgent } from '@towline/contracts'
import type { Page } from './page.ts'
import type { Summary } from './summary.ts'
import { summarize } from './summarize.type.ts'

export const summarizeAgent: Agent<Page, Summary> = defineAgent(summarize, {
  retry: { maxAttempts: 2, delays: ['100ms'] },
  run: ({ body }) => {
    const words = ${words}
    return { words: words.length, first: words[0] ?? null }
  },
})
`,
  )
}
