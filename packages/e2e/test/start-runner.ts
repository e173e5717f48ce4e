import type { Runner } from '@towline/runner'
import { follow, type Journal } from './journal.ts'
import type { TestFleet } from './test-fleet.ts'

/** Starts a runner of a fleet's agents in this process. Its events go to the journal, if one is given. */
export async function startRunner({ fleet }: TestFleet, journal?: Journal): Promise<Runner> {
  const runner = await fleet.runner()
  if (journal !== undefined) follow(runner, journal)
  await runner.start()
  return runner
}
