import type { KafkaRecord } from '@towline/kafka'
import { MemoryCluster, type MemoryDriver, type MemoryOutage, VirtualClock } from '@towline/kafka/memory'
import { expect, test } from 'vitest'
import { ObservedConsumer, range, record } from '../contract/bench.ts'

// What only the memory cluster has: its faults in virtual time.

const SESSION_MS = 6_000
const topic = 'topic'
const groupId = 'group'

interface Bench {
  readonly clock: VirtualClock
  readonly cluster: MemoryCluster
  connect(clientId: string): MemoryDriver
  until<T>(work: Promise<T>): Promise<T>
  write(count: number): Promise<void>
  join(driver: MemoryDriver): Promise<ObservedConsumer>
}

async function openBench(latencyMs: () => number = () => 1): Promise<Bench> {
  const clock = new VirtualClock()
  const cluster = new MemoryCluster({ clock, latencyMs })
  const until = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false
    const done = work.finally(() => {
      isDone = true
    })
    done.catch(() => undefined)
    await clock.advanceUntil(() => isDone, 600_000)
    return await done
  }
  const observer = cluster.connect({ clientId: 'observer' })
  const [admin, producer] = await until(Promise.all([observer.admin(), observer.producer()]))
  await until(admin.createTopics([{ topic, partitions: 2, replicationFactor: 1, configs: {} }]))
  return {
    clock,
    cluster,
    until,
    connect: (clientId) => cluster.connect({ clientId }),
    async write(count) {
      const records = range(0, count).map((ordinal) => record(String(ordinal)))
      await until(producer.send([0, 1].map((partition) => ({ topic, partition, records }))))
    },
    async join(driver) {
      const consumer = new ObservedConsumer(driver.consumer({ topic, groupId }))
      await until(consumer.start())
      await clock.advance(2_000)
      return consumer
    },
  }
}

test('a member that goes silent is missed after its session, and has lost everything when it speaks again', async () => {
  const { clock, connect, join, write } = await openBench()
  const silent = connect('silent')
  const first = await join(silent)
  const second = await join(connect('second'))
  expect([first.assigned(), second.assigned()]).toEqual([[0], [1]])
  silent.silence()
  await clock.advance(SESSION_MS - 1_100)
  expect(second.assigned()).toEqual([1])
  await clock.advance(3_000)
  expect(second.assigned()).toEqual([0, 1])
  expect(first.losses).toHaveLength(1) // the one it gave to the second; of the rest it has not heard
  const { proofAgeMs, fetchAgeMs } = first.port.liveness()
  expect(Math.min(proofAgeMs, fetchAgeMs)).toBeGreaterThan(SESSION_MS)
  await write(3)
  await clock.advance(100)
  expect(first.taken).toEqual([])
  const late = first.port.commit([{ tp: { topic, partition: 0 }, next: 9, metadata: 'late' }], 2_000)
  await clock.advance(3_000)
  expect(await late).toBe('unknown')

  silent.speak()
  await clock.advance(3_000)
  expect(first.losses.map(({ cause }) => cause)).toEqual(['rebalance', 'membership'])
  expect([...first.assigned(), ...second.assigned()].toSorted()).toEqual([0, 1])
  expect([...first.broken(), ...second.broken()]).toEqual([])
})

test('brokers that are down count no session: their members are there when they are back', async () => {
  const { clock, cluster, connect, join, write } = await openBench()
  const consumer = await join(connect('member'))
  cluster.setOutage('refuse')
  await clock.advance(60_000)
  expect(consumer.port.liveness().proofAgeMs).toBeGreaterThan(59_000)
  expect(consumer.port.liveness().fetchAgeMs).toBeGreaterThan(59_000)
  cluster.setOutage(null)
  await write(2)
  await clock.advance(3_000)
  expect(consumer.taken).toHaveLength(4)
  expect(consumer.losses).toEqual([])
})

test('brokers that nobody reaches go on without their members', async () => {
  const { clock, cluster, connect, join } = await openBench()
  const consumer = await join(connect('member'))
  cluster.setOutage('hang')
  await clock.advance(60_000)
  cluster.setOutage(null)
  await clock.advance(10_000)
  expect(consumer.losses.map(({ cause }) => cause)).toEqual(['membership', 'membership'])
  expect(consumer.assigned()).toEqual([0, 1])
})

test.each<MemoryOutage>(['refuse', 'hang'])('an outage (%s) loses the answers that are under way', async (outage) => {
  const { clock, cluster, connect, until } = await openBench(() => 10)
  const producer = await until(connect('producer').producer())
  await until(producer.partitionCount(topic))
  const sent = producer.send([{ topic, partition: 0, records: [record('x')] }])
  await clock.advance(15) // handled, and the answer is on its way
  cluster.setOutage(outage)
  expect(await until(sent)).toMatchObject([{ kind: 'failed', error: { retriable: true } }])
  cluster.setOutage(null)
  const admin = await until(connect('admin').admin())
  expect(await until(admin.offsets(topic))).toMatchObject([{ high: 1 }, { high: 0 }])
})

test('a request that waits to be handled when an outage begins is never handled', async () => {
  const { clock, cluster, connect, until } = await openBench()
  const producer = await until(connect('producer').producer())
  await until(producer.partitionCount(topic))
  cluster.faults.add({ api: 'Produce', delayMs: 4_000 })
  const sent = producer.send([{ topic, partition: 0, records: [record('x')] }])
  await clock.advance(1_000)
  cluster.setOutage('refuse')
  await clock.advance(1_000)
  cluster.setOutage(null)
  expect(await until(sent)).toMatchObject([{ kind: 'failed' }])
  await clock.advance(10_000)
  const admin = await until(connect('admin').admin())
  expect(await until(admin.offsets(topic))).toMatchObject([{ high: 0 }, { high: 0 }])
})

test('a slow write holds back the later ones of its client, and overtakes none', async () => {
  const { clock, cluster, connect, until } = await openBench()
  const driver = connect('producer')
  const [producer, reader] = await until(Promise.all([driver.producer(), driver.reader()]))
  await until(producer.partitionCount(topic))
  cluster.faults.add({ api: 'Produce', times: 1, delayMs: 4_000 })
  const send = (value: string) => producer.send([{ topic, partition: 0, records: [record(value)] }])
  const both = Promise.all([send('slow'), send('next')])
  await clock.advance(3_000)
  await until(both)
  const read = reader.read({ tp: { topic, partition: 0 }, from: 0, to: 2 })[Symbol.asyncIterator]()
  const batch = (await until(read.next())).value
  expect(batch?.records.map(({ value }: KafkaRecord) => value?.toString())).toEqual(['slow', 'next'])
})

test('a rebalance on command costs no member its partitions', async () => {
  const { clock, cluster, connect, join, write } = await openBench()
  const first = await join(connect('first'))
  const second = await join(connect('second'))
  const held = [first.assigned(), second.assigned()]
  const losses = first.losses.length
  cluster.rebalance(groupId)
  await clock.advance(3_000)
  expect([first.assigned(), second.assigned()]).toEqual(held)
  expect([first.losses.length, second.losses.length]).toEqual([losses, 0])
  await write(5)
  await clock.advance(100)
  expect([...first.taken, ...second.taken]).toHaveLength(10)
})

test('append time is the time of the cluster', async () => {
  const { clock, connect, until } = await openBench()
  const driver = connect('client')
  const [admin, producer, reader] = await until(Promise.all([driver.admin(), driver.producer(), driver.reader()]))
  const configs = { 'message.timestamp.type': 'LogAppendTime' }
  await until(admin.createTopics([{ topic: 'stamped', partitions: 1, replicationFactor: 1, configs }]))
  await clock.advance(12_345)
  await until(producer.send([{ topic: 'stamped', partition: 0, records: [{ ...record('x'), timestampMs: 1 }] }]))
  const appendedAtMs = clock.nowMs() - 1
  const read = reader.read({ tp: { topic: 'stamped', partition: 0 }, from: 0, to: 1 })[Symbol.asyncIterator]()
  expect((await until(read.next())).value).toMatchObject({ records: [{ timestampMs: appendedAtMs }], next: 1 })
})
