import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { administering } from './contract/administering.ts'
import { assigning } from './contract/assigning.ts'
import { type Bench, type Ground, openBench } from './contract/bench.ts'
import { committing } from './contract/committing.ts'
import { dataLoss } from './contract/data-loss.ts'
import { flow } from './contract/flow.ts'
import { producing } from './contract/producing.ts'
import { reading } from './contract/reading.ts'
import { rebalancing } from './contract/rebalancing.ts'
import { stopping } from './contract/stopping.ts'

const CHAPTERS = { assigning, rebalancing, committing, flow, dataLoss, stopping, reading, producing, administering }

export type Chapter = keyof typeof CHAPTERS

export const ALL_CHAPTERS = Object.keys(CHAPTERS) as readonly Chapter[]

/** A driver on something it drives. */
export interface DriverUnderTest {
  /** For the names of suites. */
  readonly name: string
  open(): Promise<Ground>
}

/** Every promise of the ports' doc comments. A driver is one when it passes, on each ground it is for. */
export function driverContract(drivers: readonly DriverUnderTest[], chapters: readonly Chapter[]): void {
  describe.each(drivers)('$name', ({ open }) => {
    let bench: Bench

    beforeAll(async () => {
      bench = await openBench(await open())
    })
    afterEach(() => bench.endTest())
    afterAll(() => bench.close())

    describe.each(chapters)('%s', (chapter) => CHAPTERS[chapter](() => bench))
  })
}
