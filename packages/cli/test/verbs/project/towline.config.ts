import { readFileSync } from 'node:fs'
import { type AvroSchema, avroSchema, defineAgent, defineAgentType, TerminalError } from '@towline/contracts'
import { defineConfig } from '@towline/fleet'

interface Request {
  readonly path: string
  readonly id: string | null
}

interface Report {
  readonly title: string
}

function schemaOf<T>(name: string): AvroSchema<T> {
  const text = readFileSync(new URL(`schemas/${name}.avsc`, import.meta.url), 'utf8')
  return avroSchema<T>(JSON.parse(text) as { name: string })
}

const digest = defineAgentType({
  type: 'digest',
  input: schemaOf<Request>('request'),
  output: schemaOf<Report>('report'),
})

/** Paths that begin with `gone` are dead-lettered at once. */
const digestAgent = defineAgent(digest, {
  retry: { tiers: ['1s'], delays: ['1s'] },
  run({ path }) {
    if (path.startsWith('gone')) throw new TerminalError(`connect ECONNREFUSED while reading ${path}`)
    return { title: `On ${path}` }
  },
})

export default defineConfig({ agents: [digestAgent], topics: { partitions: { tasks: 4, replay: 4, results: 4 } } })
