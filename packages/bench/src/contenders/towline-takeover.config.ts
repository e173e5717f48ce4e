// The configuration of runners whose tasks take longer than the bench: `towline run` loads it. BENCH_IN_FLIGHT says how
// many attempts may run at once; each start is a JSON line on stdout.
import process from 'node:process'
import { defineAgent } from '@towline/contracts'
import { defineConfig, type TowlineConfig } from '@towline/fleet'
import { benchType } from '../ground/bench-task.ts'
import { machineMs } from '../measure/machine-clock.ts'
import type { TakeoverTold } from './takeover-messages.ts'

const agent = defineAgent(benchType, {
  concurrency: Number(process.env['BENCH_IN_FLIGHT']),
  run: async ({ n }, { taskId, signal }) => {
    const told: TakeoverTold = { kind: 'started', taskId, atMs: machineMs() }
    process.stdout.write(`${JSON.stringify(told)}\n`)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    return { n }
  },
})

const config: TowlineConfig = defineConfig({ agents: [agent] })
export default config
