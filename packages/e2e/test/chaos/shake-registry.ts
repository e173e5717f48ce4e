import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningBroker } from '@towline/test-brokers'
import type { Course } from './course.ts'

/** Makes a registry hang, fail and refuse; it is well again when the day is over. */
export async function shakeRegistry(
  { registryFaults }: Pick<RunningBroker, 'registryFaults'>,
  { random, isOver, tell }: Course,
): Promise<void> {
  while (!isOver()) {
    await sleep(random.below(5_000))
    const outage = random.pick(['hang', '500', 'refuse'] as const)
    tell(`registry: ${outage}`)
    await registryFaults.setOutage(outage)
    await sleep(random.below(1_500))
    await registryFaults.setOutage(null)
  }
}
