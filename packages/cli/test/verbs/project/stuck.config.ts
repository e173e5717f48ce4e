import { defineAgent } from '@towline/contracts'
import { defineConfig } from '@towline/fleet'
import config from './towline.config.ts'

/** An agent of the project's whose handler never settles, whatever its signal says. */
const stuck = config.agents?.map(({ agentType }) =>
  defineAgent(agentType, {
    concurrency: 1,
    timeout: '50ms',
    abortGrace: '50ms',
    retry: { tiers: ['1s'], delays: ['1s'] },
    run: () => new Promise(() => undefined),
  }),
)

export default defineConfig({ ...config, agents: stuck ?? [] })
