import { expect, test } from 'vitest'
import { type Bench, type ObservedConsumer, uniqueName } from './bench.ts'

/** What the three answers to a commit mean. */
export function committing(bench: () => Bench): void {
  async function started(): Promise<{ topic: string; groupId: string; consumer: ObservedConsumer }> {
    const topic = await bench().topic()
    const groupId = uniqueName('group')
    const consumer = bench().consumer({ topic, groupId })
    await consumer.start()
    await bench().until('assigned', () => consumer.assigned().length === 1)
    return { topic, groupId, consumer }
  }

  test('C4: confirmed means that the broker stored offset and metadata', async () => {
    const { topic, groupId, consumer } = await started()
    const tp = { topic, partition: 0 }
    const metadata = 'n'.repeat(4_096)
    expect(await consumer.port.commit([{ tp, next: 5, metadata }], 2_000)).toBe('confirmed')
    expect(await bench().admin.committed(groupId, [tp])).toEqual([{ tp, next: 5, metadata }])
  })

  test('a commit is a proof of membership as of the moment it was sent', async () => {
    const { topic, consumer } = await started()
    const proofs = consumer.proofs
    const sentAt = bench().nowMs()
    expect(await consumer.port.commit([{ tp: { topic, partition: 0 }, next: 0, metadata: '' }], 2_000)).toBe(
      'confirmed',
    )
    expect(consumer.proofs).toBeGreaterThan(proofs)
    expect(consumer.port.liveness().proofAgeMs).toBeLessThanOrEqual(bench().nowMs() - sentAt)
  })

  test('fenced means that the member is not current and nothing was stored', async () => {
    const { topic, groupId, consumer } = await started()
    const tp = { topic, partition: 0 }
    await bench().admin.leaveGroup(groupId, consumer.port.memberId() ?? '')
    expect(await consumer.port.commit([{ tp, next: 5, metadata: '' }], 2_000)).toBe('fenced')
    expect(await bench().admin.committed(groupId, [tp])).toEqual([{ tp, next: null, metadata: '' }])
  })

  test('before a start and after a stop every commit is fenced', async () => {
    const topic = await bench().topic()
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    const entries = [{ tp: { topic, partition: 0 }, next: 5, metadata: '' }]
    expect(await consumer.port.commit(entries, 1_000)).toBe('fenced')
    await consumer.start()
    await bench().until('assigned', () => consumer.assigned().length === 1)
    await consumer.port.stop()
    expect(await consumer.port.commit(entries, 1_000)).toBe('fenced')
  })

  test('unknown means that no answer came by the deadline', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const { topic, groupId, consumer } = await started()
    const tp = { topic, partition: 0 }
    const fault = faults.add({ api: 'OffsetCommit', when: 'after', delayMs: 600 })
    const startedAt = bench().nowMs()
    expect(await consumer.port.commit([{ tp, next: 5, metadata: '' }], 200)).toBe('unknown')
    expect(bench().nowMs() - startedAt).toBeLessThan(500)
    fault.remove()
    // It was stored all the same: unknown is not "no".
    expect(await bench().admin.committed(groupId, [tp])).toEqual([{ tp, next: 5, metadata: '' }])
  })

  test('a commit whose answer was lost is sent again, within its deadline', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const { topic, consumer } = await started()
    const fault = faults.add({ api: 'OffsetCommit', times: 2, drop: true })
    expect(await consumer.port.commit([{ tp: { topic, partition: 0 }, next: 5, metadata: '' }], 5_000)).toBe(
      'confirmed',
    )
    expect(fault.hits).toBe(2)
  })

  test('a commit never passes for a later generation than it was called in', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const { topic, groupId, consumer } = await started()
    const tp = { topic, partition: 0 }
    const COORDINATOR_LOAD_IN_PROGRESS = 14
    const fault = faults.add({ api: 'OffsetCommit', errorCode: COORDINATOR_LOAD_IN_PROGRESS })
    const commit = consumer.port.commit([{ tp, next: 5, metadata: 'old' }], 10_000)
    await bench().until('it is being retried', () => fault.hits > 1)
    await bench().admin.leaveGroup(groupId, consumer.port.memberId() ?? '')
    await bench().until('a new generation', () => consumer.assignments.length === 2)
    fault.remove()
    expect(await commit).toBe('fenced')
    expect(await bench().admin.committed(groupId, [tp])).toEqual([{ tp, next: null, metadata: '' }])
  })
}
