// Does nothing but look at the clock. What it sleeps through beside its own interval, everything on this machine has.
import process from 'node:process'
import { setInterval } from 'node:timers/promises'
import { type Stall, TICK_MS, TOLERATED_MS } from './stall-probe.ts'

process.on('disconnect', () => process.exit())
let lastMs = Date.now()
process.send?.('ready')
for await (const _ of setInterval(TICK_MS)) {
  const nowMs = Date.now()
  const stall: Stall = { fromMs: lastMs + TICK_MS, toMs: nowMs }
  if (nowMs - lastMs > TICK_MS + TOLERATED_MS) process.send?.(stall)
  lastMs = nowMs
}
