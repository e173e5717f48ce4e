import { formatLife, type TaskResult } from '@towline/contracts'
import { assertKept, noLoss } from '@towline/testing'
import { vi } from 'vitest'
import { WAIT } from './runner-process.ts'
import type { EndRecord, Published, TestFleet } from './test-fleet.ts'
import type { workType } from './work.ts'

/** Waits until each of these tasks has an end, and nothing else has. */
export async function allEnded(
  fleet: TestFleet,
  type: ReturnType<typeof workType>,
  published: readonly Published[],
): Promise<void> {
  await vi.waitFor(async () => assertKept(noLoss([...published, ...(await fleet.ends(type))])), WAIT)
}

/** The result that counts of each life, `<task id>/<life>`: the first one in its partition. */
export function countingEnds(ends: readonly EndRecord[]): ReadonlyMap<string, TaskResult> {
  const counting = new Map<string, TaskResult>()
  for (const { result } of ends) if (!counting.has(formatLife(result))) counting.set(formatLife(result), result)
  return counting
}
