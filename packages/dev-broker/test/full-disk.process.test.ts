import { execFileSync, spawnSync } from 'node:child_process'
import { expect, test, vi } from 'vitest'
import { KAFKA_ERRORS } from '../src/index.ts'
import { commitTo, produceTo } from './acked-load.ts'
import { ready, runMain, runMainWithFileLimit } from './broker-process.ts'
import { dataFolder } from './data-folder.ts'
import { connectAdmin, kafkaAt, runConsumer } from './kafkajs-client.ts'
import { RawClient } from './raw-client.ts'

const LIMIT_KIB = 64
const whyNot =
  spawnSync('prlimit', ['--version']).status === 0 ? null : 'needs prlimit (util-linux) to lift a file limit'
if (whyNot !== null) process.stderr.write(`full-disk.process.test.ts skipped: ${whyNot}\n`)

test.skipIf(whyNot !== null)(
  'without room it refuses with KAFKA_STORAGE_ERROR, keeps what it acknowledged, and goes on when there is room',
  async () => {
    using folder = dataFolder()
    const args = ['--port', '0', '--registry-port', '0', '--data-dir', folder.path]
    const running = runMainWithFileLimit(LIMIT_KIB, ...args)
    const { brokers, registry } = await ready(running)
    {
      await using admin = await connectAdmin(kafkaAt(brokers))
      await admin.client.createTopics({ topics: [{ topic: 't' }, { topic: 'other' }] })
    }
    const acked = new Map<number, string>()
    let committed = 0
    await using raw = new RawClient(brokers)
    const produce = async (value: string): Promise<number | undefined> => {
      const told = await produceTo(raw, 't', [value])
      if (told?.errorCode === 0) acked.set(told.baseOffset, value)
      return told?.errorCode
    }
    const commit = async (offset: number, metadata: string): Promise<number | null> => {
      const errorCode = await commitTo(raw, 'g', offset, metadata)
      if (errorCode === 0) committed = offset
      return errorCode
    }
    const register = async (): Promise<number> => {
      const body = JSON.stringify({ schema: JSON.stringify({ type: 'record', name: 'R'.repeat(60_000), fields: [] }) })
      const headers = { 'content-type': 'application/json' }
      return (await fetch(`${registry}/subjects/s/versions`, { method: 'POST', headers, body })).status
    }

    let refusal: number | undefined = 0
    for (let i = 0; refusal === 0 && i < 100; i++) refusal = await produce(`${i}`.padEnd(3_000, '.'))
    expect(refusal).toBe(KAFKA_ERRORS.KAFKA_STORAGE_ERROR)
    expect(await produce('large'.padEnd(3_000, '.'))).toBe(KAFKA_ERRORS.KAFKA_STORAGE_ERROR)
    expect(acked.size).toBeGreaterThan(15)

    let commitRefusal: number | null = 0
    for (let i = 1; commitRefusal === 0 && i < 100; i++) commitRefusal = await commit(i, 'm'.repeat(4_000))
    expect(commitRefusal).toBe(KAFKA_ERRORS.NOT_COORDINATOR)
    commitRefusal = 0
    for (let i = 100; commitRefusal === 0 && i < 200; i++) commitRefusal = await commit(i, '')
    expect(commitRefusal).toBe(KAFKA_ERRORS.NOT_COORDINATOR)
    expect(committed).toBeGreaterThanOrEqual(100)
    expect(await createTopic(raw, 'late'.padEnd(240, '-'))).toBe(KAFKA_ERRORS.KAFKA_STORAGE_ERROR)
    expect(await register()).toBe(200)
    expect(await registerAnother(registry)).toBe(500)
    expect(running.stderr()).toContain('cannot write: refusing what would have to be kept')

    // What is there can be read meanwhile, and topics whose files have room take records.
    expect(await recordsOf(brokers, acked.size)).toEqual(new Map(acked))
    expect((await produceTo(raw, 'other', ['fits']))?.errorCode).toBe(0)

    execFileSync('prlimit', ['--pid', String(running.child.pid), '--fsize=unlimited:unlimited'])
    for (let i = 0; i < 30; i++) expect(await produce(`again ${i}`.padEnd(3_000, '.'))).toBe(0)
    expect(await commit(1_000, '')).toBe(0)
    expect(await createTopic(raw, 'late')).toBe(0)
    expect(await registerAnother(registry)).toBe(200)
    expect(running.stderr()).toContain('can write again')
    running.child.kill('SIGKILL')
    await running.exited

    const next = runMain(...args)
    const after = await ready(next)
    expect(await recordsOf(after.brokers, acked.size)).toEqual(acked)
    await using admin = await connectAdmin(kafkaAt(after.brokers))
    expect((await admin.client.fetchOffsets({ groupId: 'g', topics: ['t'] }))[0]?.partitions[0]?.offset).toBe('1000')
    expect(await (await fetch(`${after.registry}/subjects`)).json()).toEqual(['another', 's'])
    expect(next.stderr()).not.toContain('damaged')
  },
)

async function createTopic(raw: RawClient, topic: string): Promise<number | undefined> {
  const topics = [{ topic, numPartitions: 1, replicationFactor: 1 }]
  const args = { topics, validateOnly: false, timeout: 1_000 }
  return (await raw.request<{ topicErrors: { errorCode: number }[] }>('CreateTopics', 2, args))?.topicErrors[0]
    ?.errorCode
}

async function registerAnother(registry: string): Promise<number> {
  const body = JSON.stringify({ schema: JSON.stringify({ type: 'record', name: 'A'.repeat(10_000), fields: [] }) })
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${registry}/subjects/another/versions`, { method: 'POST', headers, body })).status
}

/** Every record of topic t, by offset. */
async function recordsOf(brokers: string, count: number): Promise<ReadonlyMap<number, string>> {
  await using consumer = await runConsumer(kafkaAt(brokers), `reader-${Math.random()}`, ['t'])
  await vi.waitFor(() => expect(consumer.received.length).toBeGreaterThanOrEqual(count), 10_000)
  return new Map(consumer.received.map(({ offset, value }) => [offset, value]))
}
