import { type GroupMarker, groupMarkerKey, groupsTopic } from '@towline/contracts'
import {
  type AdminPort,
  createRecordSender,
  GroupMarkers,
  type KafkaDriver,
  planTopics,
  type ReaderPort,
  type RecordSender,
  systemClock,
} from '@towline/kafka'
import { connectKafka } from '@towline/kafka/kafkajs'
import { type RunningBroker, testBrokers, uniqueNamespace } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const GROUP = 'towline.digest.tasks'
const MARKER: GroupMarker = {
  atMs: 1_767_225_600_000,
  by: 'runner-1',
  finished: { offset: 41, timestampMs: 1_767_225_599_120, hash: 4_261_442_666 },
  restored: null,
}

describe.each(testBrokers())('markers of groups, on $name', ({ start }) => {
  const namespace = uniqueNamespace()
  const tp = { topic: 'digest.tasks', partition: 3 }
  let broker: RunningBroker
  let driver: KafkaDriver
  let admin: AdminPort
  let reader: ReaderPort
  let sender: RecordSender

  beforeAll(async () => {
    broker = await start()
    driver = connectKafka({ brokers: broker.brokers, clientId: 'markers' })
    admin = await driver.admin()
    reader = await driver.reader()
    sender = createRecordSender(await driver.producer(), { clock: systemClock })
    const planned = planTopics({ agents: [], namespace, brokers: await admin.brokerCount() })
    await admin.createTopics(planned)
  })
  afterAll(async () => {
    await sender.close()
    await Promise.all([reader.close(), admin.close()])
    await broker.stop()
  })

  const open = (): GroupMarkers => new GroupMarkers({ admin, reader, sender }, namespace)

  test('what one process wrote another finds, the last of a key, and only after it looked', async () => {
    const [mine, yours] = [open(), open()]
    await mine.refresh()
    await yours.refresh()
    expect(yours.get(GROUP, tp)).toBeNull()
    await mine.write(GROUP, tp, { ...MARKER, by: 'runner-0' })
    await mine.write(GROUP, tp, MARKER)
    expect(mine.get(GROUP, tp)).toEqual(MARKER)
    expect(yours.get(GROUP, tp)).toBeNull()
    await Promise.all([yours.refresh(), yours.refresh()])
    expect(yours.get(GROUP, tp)).toEqual(MARKER)
    expect(yours.get(GROUP, { ...tp, partition: 4 })).toBeNull()
    expect(yours.get('towline.other.tasks', tp)).toBeNull()
  })

  test('what is no marker is passed over, and a deletion deletes', async () => {
    const markers = open()
    const key = Buffer.from(groupMarkerKey(GROUP, tp))
    const put = (value: Buffer | null) =>
      sender.send({ topic: groupsTopic(namespace), partition: 0 }, { key, value, headers: {} })
    await markers.write(GROUP, tp, MARKER)
    await put(Buffer.from('{"version":2}'))
    await markers.refresh()
    expect(markers.get(GROUP, tp)).toEqual(MARKER)
    await put(null)
    await markers.refresh()
    expect(markers.get(GROUP, tp)).toBeNull()
  })
})
