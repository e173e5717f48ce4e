import process from 'node:process'
import type { Agent } from '@towline/contracts'
import { Journal } from './journal.ts'
import { type Work, workType } from './work.ts'
import { type WorkAgentOptions, workAgent } from './work-agent.ts'

/** What a runner process is told: its agent (E2E_AGENT, JSON) and where to write what it does (E2E_JOURNAL). */
export function agentOfEnvironment(): { readonly agent: Agent<Work, Work>; readonly journal: Journal } {
  const journal = new Journal(given('E2E_JOURNAL'), given('TOWLINE_RUNNER_ID'))
  const { type, ...options } = JSON.parse(given('E2E_AGENT')) as WorkAgentOptions & { readonly type: string }
  return { agent: workAgent(workType(type), journal, options), journal }
}

function given(variable: string): string {
  const value = process.env[variable]
  if (value === undefined) throw new Error(`${variable} is not set`)
  return value
}
