import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { administering } from './contract/administering.ts'
import { assigning } from './contract/assigning.ts'
import { type Bench, type ConnectDriver, openBench } from './contract/bench.ts'
import { committing } from './contract/committing.ts'
import { dataLoss } from './contract/data-loss.ts'
import { flow } from './contract/flow.ts'
import { producing } from './contract/producing.ts'
import { reading } from './contract/reading.ts'
import { rebalancing } from './contract/rebalancing.ts'
import { stopping } from './contract/stopping.ts'

const CHAPTERS = { assigning, rebalancing, committing, flow, dataLoss, stopping, reading, producing, administering }

export type Chapter = keyof typeof CHAPTERS

/** Every promise of the ports' doc comments, on every broker there is. A driver is one when it passes. */
export function driverContract(driver: string, connect: ConnectDriver, chapters: readonly Chapter[]): void {
  describe.each(testBrokers())(`${driver} on $name`, ({ start }) => {
    let broker: RunningBroker
    let bench: Bench

    beforeAll(async () => {
      broker = await start()
      bench = await openBench(broker, connect, 'contract')
    })
    afterEach(() => bench.endTest())
    afterAll(async () => {
      await bench.close()
      await broker.stop()
    })

    describe.each(chapters)('%s', (chapter) => CHAPTERS[chapter](() => bench))
  })
}
