import { systemClock } from '@towline/kafka'
import { MemoryCluster, settle, VirtualClock } from '@towline/kafka/memory'
import type { Ground } from '../contract/bench.ts'
import type { DriverUnderTest } from '../driver-contract.ts'

export const IN_REAL_TIME: DriverUnderTest = {
  name: 'memory in real time',
  open: async () => ({
    ...groundOf(new MemoryCluster({ clock: systemClock, latencyMs: () => 1 })),
    clock: systemClock,
    close: async () => {},
  }),
}

/** In time that passes as fast as there is something to do. */
export const IN_VIRTUAL_TIME: DriverUnderTest = {
  name: 'memory in virtual time',
  async open() {
    const clock = new VirtualClock()
    const over = new AbortController()
    void letPass(clock, over.signal)
    return {
      ...groundOf(new MemoryCluster({ clock, latencyMs: () => 1, brokers: 2 })),
      clock,
      close: async () => over.abort(),
    }
  },
}

function groundOf(cluster: MemoryCluster): Pick<Ground, 'driver' | 'faults' | 'deleteRecords'> {
  return {
    driver: cluster.connect({ clientId: 'contract' }),
    faults: cluster.faults,
    deleteRecords: async (tp, before) => cluster.deleteRecords(tp, before),
  }
}

/** Steps from timer to timer; where none is set, gives way to the rest of the process. */
async function letPass(clock: VirtualClock, over: AbortSignal): Promise<void> {
  while (!over.aborted) if (!(await clock.step())) await settle()
}
