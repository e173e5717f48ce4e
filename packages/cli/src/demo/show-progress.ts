import { setTimeout as sleep } from 'node:timers/promises'
import type { DemoStage } from './demo-stage.ts'
import type { ActProgress } from './demo-view.ts'
import { digestType } from './digest-agent.ts'

const REFRESH_MS = 200

/**
 * Shows how many of `total` tasks have ended, what was retried and how far the runners are behind, until `over` is
 * aborted. Never rejects: whoever waits for the tasks meets the same trouble.
 */
export async function showProgress(stage: DemoStage, total: number, over: AbortSignal): Promise<void> {
  const { world, signal } = stage
  const shown = world.view.progress(total)
  try {
    while (!over.aborted) {
      shown.update(await progressOf(stage))
      await sleep(REFRESH_MS, undefined, { signal: over }).catch(() => undefined)
    }
    if (!signal.aborted) shown.update(await progressOf(stage))
  } catch {
    // What was shown last stays.
  } finally {
    shown.stop()
  }
}

async function progressOf({ account, fleet, watch }: DemoStage): Promise<ActProgress> {
  const topics = await fleet.lag([digestType.type])
  let retries = 0
  for (const { topic, kind } of topics) {
    if (kind !== 'retry') continue
    for (const { low, high } of await account.admin.offsets(topic)) retries += high - low
  }
  return { done: watch.countOfLife(1), retries, lag: topics.reduce((sum, { effectiveLag }) => sum + effectiveLag, 0) }
}
