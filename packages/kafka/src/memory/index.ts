/**
 * Kafka in the memory of one process, behind the ports of `@towline/kafka`, in real or in virtual time: a fleet of
 * runners, hours of retries and any outage in milliseconds, the same each time.
 *
 * ```ts
 * const clock = new VirtualClock()
 * const cluster = new MemoryCluster({ clock })
 * const registry = new MemoryRegistry()
 * const fleet = await createFleet(config, {
 *   clock,
 *   log,
 *   driver: cluster.connect({ clientId: 'runner-1' }),
 *   registry: registry.client(clock),
 * })
 * ```
 */
export type { ApiName, MemoryFault, MemoryFaultHandle, MemoryFaults } from './broker/faults.ts'
export {
  type MemoryClient,
  MemoryCluster,
  type MemoryClusterOptions,
  type MemoryDriver,
  type MemoryOutage,
} from './memory-cluster.ts'
export { MemoryRegistry } from './memory-registry.ts'
export { ProcessClock } from './process-clock.ts'
export { settle, VirtualClock, type VirtualClockOptions } from './virtual-clock.ts'
