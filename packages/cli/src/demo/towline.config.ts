// What the demo's runner processes load: `towline run digest --config <this file>`. Addresses come by environment.
import process from 'node:process'
import { TowlineError } from '@towline/contracts'
import { defineConfig, type TowlineConfig } from '@towline/fleet'
import { DEMO_LEXICON, DEMO_VERSION } from './demo-environment.ts'
import { createDigestAgent } from './digest-agent.ts'

const lexiconUrl = process.env[DEMO_LEXICON]
if (lexiconUrl === undefined) {
  throw new TowlineError(
    'TOWLINE_CONFIG_INVALID',
    `${DEMO_LEXICON} must be the URL of the demo's lexicon, got nothing`,
    {
      wayOut: 'Run it through: towline demo',
    },
  )
}

const config: TowlineConfig = defineConfig({
  agents: [createDigestAgent({ lexiconUrl, isFixed: process.env[DEMO_VERSION] === 'fixed' })],
})

export default config
