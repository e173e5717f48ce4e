import { defineConfig, mergeConfig } from 'vitest/config'
import { shared } from '../../vitest.shared.ts'

// Each bench keeps a broker and two contenders busy: two files keep two cores busy.
export default mergeConfig(shared, defineConfig({ test: { maxWorkers: 2 } }))
