import { defineConfig, mergeConfig } from 'vitest/config'
import { shared } from '../../vitest.shared.ts'

// Each file has brokers and runner processes of its own: two of them keep two cores busy.
export default mergeConfig(shared, defineConfig({ test: { maxWorkers: 2, testTimeout: 60_000 } }))
