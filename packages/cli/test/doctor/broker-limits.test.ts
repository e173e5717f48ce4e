import { startBroker } from '@towline/dev-broker'
import { KAFKA_ERRORS, type RunningBroker, testBrokers, uniqueNamespace } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Finding } from '../../src/doctor/finding.ts'
import { CliWorld } from '../cli-process.ts'
import { API, type Meddle, meddleWith, replaced, setting } from './meddling-proxy.ts'

let broker: RunningBroker

beforeAll(async () => {
  const [devBroker] = testBrokers({})
  if (devBroker === undefined) throw new Error('there is always a dev broker')
  broker = await devBroker.start()
})

afterAll(() => broker.stop())

async function brokerFindings(brokers: string): Promise<readonly Finding[]> {
  const cli = new CliWorld(broker, uniqueNamespace())
  const { stdout } = await cli.call(`doctor --brokers ${brokers} -o json`)
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] }
  return findings.filter(({ check }) => check === 'broker')
}

function realAddress(): string {
  return broker.brokers[0] ?? ''
}

/** What doctor says of the broker when a setting has another value. */
async function findingsWith(name: string, is: string, instead: string): Promise<readonly Finding[]> {
  const meddle: Meddle = (apiKey, body) =>
    apiKey === API.describeConfigs && body.includes(setting(name, is))
      ? replaced(body, setting(name, is), setting(name, instead))
      : body
  await using proxy = await meddleWith(realAddress(), meddle)
  return await brokerFindings(proxy.address)
}

describe('the limits of a broker', () => {
  test('are fine through a proxy that changes nothing', async () => {
    await using proxy = await meddleWith(realAddress(), (_apiKey, body) => body)
    expect(await brokerFindings(proxy.address)).toEqual([
      expect.objectContaining({ level: 'ok', subject: `broker 1 at ${proxy.address}` }),
    ])
  })

  test('offset.metadata.max.bytes below a full commit note is a problem', async () => {
    expect(await findingsWith('offset.metadata.max.bytes', '4096', '1024')).toEqual([
      expect.objectContaining({
        level: 'problem',
        message: expect.stringMatching(/^offset\.metadata\.max\.bytes is 1024, below 4096: /),
        wayOut: expect.stringContaining('offset.metadata.max.bytes=4096'),
      }),
    ])
  })

  test('a longest session below ours is a problem', async () => {
    expect(await findingsWith('group.max.session.timeout.ms', '1800000', '5000')).toEqual([
      expect.objectContaining({
        level: 'problem',
        message: expect.stringMatching(/^group\.max\.session\.timeout\.ms is 5000, below 6000: /),
      }),
    ])
  })

  test('a shortest session above ours is a problem', async () => {
    const strict = await startBroker({ port: 0, minSessionTimeoutMs: 10_000 })
    const found = await brokerFindings(strict.address)
    await strict.stop()
    expect(found).toEqual([
      expect.objectContaining({
        level: 'problem',
        message: expect.stringMatching(/^group\.min\.session\.timeout\.ms is 10000, above 6000: /),
        wayOut: expect.stringContaining('group.min.session.timeout.ms=6000'),
      }),
    ])
  })

  test('topics that create themselves are a warning', async () => {
    expect(await findingsWith('auto.create.topics.enable', 'false', 'true')).toEqual([
      expect.objectContaining({ level: 'warning', message: expect.stringMatching(/^auto\.create\.topics\.enable/) }),
    ])
  })

  test.each([
    [
      'offsets.retention.minutes',
      '1440',
      'warning',
      /^offsets\.retention\.minutes is 1440 \(1d\), tasks are kept 7d: /,
    ],
    ['socket.request.max.bytes', '65536', 'problem', /^socket\.request\.max\.bytes is 65536, below \d+: /],
  ])('%s of %s is a %s', async (name, value, level, says) => {
    // The dev broker may not tell it; another setting lends its place.
    expect(await findingsWithSettingNamed(name, value)).toContainEqual(
      expect.objectContaining({ level, message: expect.stringMatching(says) }),
    )
  })

  test('settings it does not tell are a warning', async () => {
    using _fault = broker.faults?.add({
      api: 'DescribeConfigs',
      errorCode: KAFKA_ERRORS.TOPIC_AUTHORIZATION_FAILED,
    })
    expect(await brokerFindings(realAddress())).toEqual([
      expect.objectContaining({ level: 'warning', message: expect.stringContaining('does not tell its settings') }),
    ])
  })
})

async function findingsWithSettingNamed(name: string, value: string): Promise<readonly Finding[]> {
  const meddle: Meddle = (apiKey, body) => {
    const lent = setting('num.partitions', '1')
    return apiKey === API.describeConfigs && body.includes(lent) ? replaced(body, lent, setting(name, value)) : body
  }
  await using proxy = await meddleWith(realAddress(), meddle)
  return await brokerFindings(proxy.address)
}

describe('the protocol of a broker', () => {
  const DELETE_GROUPS = 42

  test('an API it does not serve in our versions is a problem', async () => {
    const meddle: Meddle = (apiKey, body) =>
      apiKey === API.apiVersions ? withVersions(body, DELETE_GROUPS, [5, 6]) : body
    await using proxy = await meddleWith(realAddress(), meddle)
    expect(await brokerFindings(proxy.address)).toEqual([
      expect.objectContaining({
        level: 'problem',
        message: 'DeleteGroups is needed in a version from 0 to 1, it serves 5 to 6',
        wayOut: expect.stringContaining('Apache Kafka'),
      }),
    ])
  })

  test('an API it does not know is a problem', async () => {
    const meddle: Meddle = (apiKey, body) =>
      apiKey === API.apiVersions ? withVersions(body, DELETE_GROUPS, null) : body
    await using proxy = await meddleWith(realAddress(), meddle)
    expect(await brokerFindings(proxy.address)).toEqual([
      expect.objectContaining({ message: 'DeleteGroups is needed in a version from 0 to 1, it does not serve it' }),
    ])
  })

  test('a broker that cannot be reached where the cluster says it is, is a problem', async () => {
    await using proxy = await meddleWith(realAddress(), (_apiKey, body) => body, 1)
    expect(await brokerFindings(proxy.address)).toEqual([
      expect.objectContaining({
        level: 'problem',
        subject: 'broker 1 at 127.0.0.1:1',
        wayOut: expect.stringContaining('advertised.listeners of broker 1'),
      }),
    ])
  })
})

/** ApiVersions before version 3: an error code, a count, and (key, first, last) each; null makes the key unknown. */
function withVersions(body: Buffer, apiKey: number, versions: readonly [number, number] | null): Buffer {
  const changed = Buffer.from(body)
  const count = changed.readInt32BE(2)
  for (let entry = 0; entry < count; entry += 1) {
    const at = 6 + entry * 6
    if (changed.readInt16BE(at) !== apiKey) continue
    if (versions === null) changed.writeInt16BE(999, at)
    else {
      changed.writeInt16BE(versions[0], at + 2)
      changed.writeInt16BE(versions[1], at + 4)
    }
  }
  return changed
}
