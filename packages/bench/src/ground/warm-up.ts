import type { BenchBroker } from './bench-broker.ts'
import { benchTasks } from './bench-task.ts'
import { RoundGround } from './round-ground.ts'

const RECORDS_OF_A_TOPIC = 100_000

/**
 * Writes so many records to a broker and reads them back, which no contender is timed for. A JVM that has just started
 * compiles while it serves: `--warm-up 0` shows what that costs.
 */
export async function warmUp(broker: BenchBroker, records: number): Promise<void> {
  for (let left = records; left > 0; left -= RECORDS_OF_A_TOPIC) {
    await using ground = await RoundGround.create(broker)
    await ground.seed(benchTasks(Math.min(left, RECORDS_OF_A_TOPIC)))
    await ground.idsIn(ground.topics.tasks)
  }
}
