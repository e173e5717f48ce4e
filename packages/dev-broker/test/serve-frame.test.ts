import fc from 'fast-check'
import { expect, test } from 'vitest'
import { API_REGISTRY } from '../src/apis/api-registry.ts'
import { Cluster } from '../src/cluster/cluster.ts'
import { FaultScript } from '../src/faults/faults.ts'
import { GroupCoordinator } from '../src/groups/group-coordinator.ts'
import { type ServeContext, serveFrame } from '../src/net/serve-frame.ts'
import { compileMessage } from '../src/protocol/codec.ts'
import { MalformedRequestError } from '../src/protocol/reader.ts'
import { FrameWriter } from '../src/protocol/writer.ts'
import { TopicCatalog } from '../src/topics/topic-catalog.ts'
import { batch } from './batches.ts'
import { messageOf } from './message-arbitrary.ts'

function contextWith(failures: unknown[]): ServeContext {
  const now = (): number => 1_000
  const topics = new TopicCatalog()
  topics.create({ name: 'a', partitionCount: 2 })
  const limits = { minSessionTimeoutMs: 1, maxSessionTimeoutMs: 1_000_000, maxOffsetMetadataLength: 4_096 }
  const groups = new GroupCoordinator(limits, now)
  const node = { id: 1, host: '127.0.0.1', port: 1, isUp: true }
  return {
    node,
    broker: {
      ...{ defaultPartitions: 1, maxLogBytes: 1_000_000 },
      ...{ cluster: new Cluster('c', [node]), topics, groups, now },
    },
    faults: new FaultScript(),
    log: (level, message, fields) => {
      if (level === 'error') failures.push(message, fields?.['error'])
    },
    clientHost: '/127.0.0.1',
    onClientId: () => undefined,
    // As if the client were gone: nothing waits.
    connectionClosed: AbortSignal.abort(),
  }
}

/** Any request of any API at any version, well-formed, about things that may exist. */
const requests = fc
  .constantFrom(
    ...API_REGISTRY.flatMap((api) => [api.versions[0], api.versions[1]].map((version) => ({ api, version }))),
  )
  .chain(({ api, version }) =>
    messageOf(api.requestSchema, version).map((message) => {
      const body = new FrameWriter()
      compileMessage(api.requestSchema, version, api.isFlexible(version)).write(body, message)
      const header = Buffer.alloc(10)
      header.writeInt16BE(api.key, 0)
      header.writeInt16BE(version, 2)
      header.writeInt16BE(-1, 8)
      const tags = api.isFlexible(version) ? Buffer.of(0) : Buffer.alloc(0)
      return Buffer.concat([header, tags, Buffer.concat(body.finish()).subarray(4)])
    }),
  )

/** What one frame comes to; a join that waits for others is left waiting. */
async function outcome(frame: Buffer, context: ServeContext): Promise<unknown> {
  const waiting = new Promise((resolve) => setImmediate(() => setImmediate(resolve, 'waiting')))
  try {
    return await Promise.race([serveFrame(frame, context), waiting])
  } catch (error) {
    return error
  }
}

test('no well-formed request makes a handler fail, whatever it says', async () => {
  const failures: unknown[] = []
  const context = contextWith(failures)
  await fc.assert(
    fc.asyncProperty(requests, async (frame) => {
      expect(await outcome(frame, context)).not.toBeInstanceOf(Error)
      expect(failures).toEqual([])
    }),
    { numRuns: 1_500 },
  )
})

test('a request with bytes changed or missing is answered or called malformed, and nothing else', async () => {
  const failures: unknown[] = []
  const context = contextWith(failures)
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(requests, changes, fc.nat(200), async (frame, edits, length) => {
      const damaged = Buffer.from(frame.subarray(0, Math.max(8, length)))
      for (const [at, value] of edits) damaged.writeUInt8(value, at % damaged.length)
      const result = await outcome(damaged, context)
      if (result instanceof Error) expect(result).toBeInstanceOf(MalformedRequestError)
      expect(failures).toEqual([])
    }),
    { numRuns: 1_500 },
  )
})

test('a batch with bytes changed is stored as it was sent or refused, and can be read back', async () => {
  const good = batch({ timestampsMs: [1, 2, 3], compression: 'gzip' })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 3 }), (edits) => {
      const topics = new TopicCatalog()
      topics.create({ name: 'a', partitionCount: 1 })
      const log = topics.partition('a', 0)
      const records = Buffer.from(good)
      for (const [at, value] of edits) records.writeUInt8(value, at)
      const produce = API_REGISTRY.find(({ name }) => name === 'Produce')
      const asked = {
        transactionalId: null,
        acks: 1,
        timeoutMs: 0,
        topics: [{ name: 'a', partitions: [{ index: 0, records }] }],
      }
      const context = contextWith([])
      const { node } = context
      const broker = { ...context.broker, topics }
      produce?.handle(asked, {
        version: 7,
        clientId: '',
        clientHost: '',
        node,
        broker,
        connectionClosed: AbortSignal.abort(),
      })
      log?.offsetForTimestamp(2)
      expect(log?.read(0, 1_000_000, true).length).toBe(log?.endOffset === 0 ? 0 : 1)
    }),
  )
})
