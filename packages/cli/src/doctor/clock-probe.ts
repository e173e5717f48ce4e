import { type Clock, clockTopic, isTowlineError } from '@towline/contracts'
import type { Fleet } from '@towline/fleet'
import type { AdminPort, PartitionOffsets, ReaderPort } from '@towline/kafka'
import { type ClockSkew, skewOf, skewOfNewest } from './check-clock.ts'

/** Nobody reads it later. */
const RETENTION_MS = 3_600_000

/**
 * Writes two records to `towline.clock`, which is created where it is missing, and compares the append time of the second
 * with this machine's clock.
 *
 * @throws TowlineError TOWLINE_BROKER_UNAVAILABLE, TOWLINE_PUBLISH_FAILED, TOWLINE_TOPIC_MISCONFIGURED
 */
export async function measureClock(fleet: Fleet, clock: Clock): Promise<ClockSkew | null> {
  const topic = clockTopic(fleet.config.namespace)
  const [admin, reader, sender] = await Promise.all([fleet.admin(), fleet.reader(), fleet.sender()])
  await admin.createTopics([
    {
      topic,
      partitions: 1,
      replicationFactor: Math.min(3, await admin.brokerCount()),
      configs: { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': String(RETENTION_MS) },
    },
  ])
  // The first send opens a connection; the second measures.
  await sender.send({ topic, partition: 0 }, probe())
  const sentAtMs = clock.nowMs()
  const { offset } = await sender.send({ topic, partition: 0 }, probe())
  const answeredAtMs = clock.nowMs()
  const appendedAtMs = await appendTime(reader, topic, { partition: 0, low: offset, high: offset + 1 })
  return appendedAtMs === null ? null : skewOf(sentAtMs, appendedAtMs, answeredAtMs)
}

function probe(): { readonly key: Buffer; readonly value: Buffer; readonly headers: Readonly<Record<string, string>> } {
  return { key: Buffer.from('doctor'), value: Buffer.alloc(0), headers: {} }
}

/**
 * What the newest records of topics with append time say, without writing anything: only that this machine is behind.
 *
 * @param topics Those with `message.timestamp.type=LogAppendTime`; one that does not exist is passed over.
 */
export async function readClock(fleet: Fleet, topics: readonly string[], clock: Clock): Promise<ClockSkew | null> {
  const [admin, reader] = await Promise.all([fleet.admin(), fleet.reader()])
  const newest: number[] = []
  for (const topic of topics) {
    for (const bounds of await boundsOf(admin, topic)) {
      const atMs = await appendTime(reader, topic, { ...bounds, low: bounds.high - 1 })
      if (atMs !== null) newest.push(atMs)
    }
  }
  return newest.length === 0 ? null : skewOfNewest(Math.max(...newest), clock.nowMs())
}

async function boundsOf(admin: AdminPort, topic: string): Promise<readonly PartitionOffsets[]> {
  try {
    return (await admin.offsets(topic)).filter(({ low, high }) => high > low)
  } catch (error) {
    if (isTowlineError(error, 'TOWLINE_TOPIC_MISSING')) return []
    throw error
  }
}

/** The append time of the last record in `[low, high)`; null where retention or a control record left none. */
async function appendTime(reader: ReaderPort, topic: string, bounds: PartitionOffsets): Promise<number | null> {
  const { partition, low, high } = bounds
  let atMs: number | null = null
  for await (const { records } of reader.read({ tp: { topic, partition }, from: low, to: high })) {
    atMs = records.at(-1)?.timestampMs ?? atMs
  }
  return atMs
}
