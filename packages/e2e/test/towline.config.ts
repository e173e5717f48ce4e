// The configuration of runner processes started by `towline run`.
import { defineConfig } from '@towline/fleet'
import { agentOfEnvironment } from './agent-of-environment.ts'
import { followRunners } from './follow-runners.ts'

const { agent, journal } = agentOfEnvironment()
await followRunners(journal)
export default defineConfig({ agents: [agent] })
