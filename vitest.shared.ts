import { defaultServerConditions } from 'vite'
import type { ViteUserConfig } from 'vitest/config'

const source = '@towline/source'

/** What every package's tests share: sources are imported through the private condition, in workers and child processes too. */
export const shared: ViteUserConfig = {
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
    include: ['test/**/*.test.ts'],
    execArgv: [`--conditions=${source}`],
    env: { NODE_OPTIONS: `--conditions=${source}` },
    // `npm test` runs a package for every two cores; most tests wait, for brokers and processes.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
}
