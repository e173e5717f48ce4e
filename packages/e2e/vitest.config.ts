import { defineConfig, mergeConfig } from 'vitest/config'
import { shared } from '../../vitest.shared.ts'

// Each file has brokers and runner processes of its own.
export default mergeConfig(shared, defineConfig({ test: { testTimeout: 60_000 } }))
