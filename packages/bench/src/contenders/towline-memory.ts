// A runner before more tasks than it could ever hold, one of which never ends. Tells its memory every second.
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineAgent } from '@towline/contracts'
import { benchFleet, type FleetPlace } from '../ground/bench-fleet.ts'
import { benchType } from '../ground/bench-task.ts'
import { type Measured, Stopwatch } from '../measure/stopwatch.ts'
import { serveRounds } from '../process/serve-rounds.ts'

export interface TowlineMemoryJob {
  readonly place: FleetPlace
  readonly durationMs: number
  readonly inFlight: number
  /** The task that hangs until it is aborted. */
  readonly hangs: number
}

/** One sample. */
export interface MemoryTold {
  /** Since the runner started. */
  readonly atMs: number
  /** Live and dead objects of the JavaScript heap. */
  readonly heapUsedBytes: number
  /** What the last major collection, the engine's own, left of them; 0 before the first. */
  readonly liveHeapBytes: number
  /** Buffers: what was fetched and is to be sent. */
  readonly externalBytes: number
  readonly rssBytes: number
  readonly ended: number
}

export interface MemoryResult extends Measured {
  /** Tasks that had ended when the runner was drained. */
  readonly ended: number
}

const SAMPLE_INTERVAL_MS = 1_000

serveRounds(run)

async function run(job: TowlineMemoryJob, tell: (what: MemoryTold) => void): Promise<MemoryResult> {
  const { place, durationMs, inFlight, hangs } = job
  const agent = defineAgent(benchType, {
    concurrency: inFlight,
    timeout: '1h',
    run: async ({ n, workMs }, { signal }) => {
      if (n === hangs) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      else if (workMs > 0) await sleep(workMs)
      return { n }
    },
  })
  await using fleet = await benchFleet(place, { agents: [agent], runner: { drain: '1s' } })
  const runner = await fleet.runner()
  let ended = 0
  let liveHeapBytes = 0
  using _ = onMajorCollection(() => {
    liveHeapBytes = process.memoryUsage().heapUsed
  })
  runner.events.on('task:ended', () => {
    ended += 1
  })
  const stopwatch = new Stopwatch()
  stopwatch.start()
  const startMs = performance.now()
  await runner.start()
  for (let atMs = 0; atMs < durationMs; atMs = performance.now() - startMs) {
    await sleep(Math.min(SAMPLE_INTERVAL_MS, durationMs - atMs))
    const { heapUsed, external, rss } = process.memoryUsage()
    const bytes = { heapUsedBytes: heapUsed, liveHeapBytes, externalBytes: external, rssBytes: rss }
    tell({ atMs: performance.now() - startMs, ...bytes, ended })
  }
  const measured = stopwatch.stop()
  await runner.drain()
  return { ...measured, ended }
}

function onMajorCollection(act: () => void): Disposable {
  const observer = new PerformanceObserver((list) => {
    const isMajor = (entry: PerformanceEntry): boolean =>
      (entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } }).detail?.kind ===
      constants.NODE_PERFORMANCE_GC_MAJOR
    if (list.getEntries().some(isMajor)) act()
  })
  observer.observe({ entryTypes: ['gc'] })
  return { [Symbol.dispose]: () => observer.disconnect() }
}
