// The configuration of runner processes started by `towline run`.
import { defineConfig } from '@towline/fleet'
import { agentOfEnvironment } from './agent-of-environment.ts'

export default defineConfig({ agents: [agentOfEnvironment().agent] })
