import { topicNames } from '@towline/contracts'
import { systemClock } from '@towline/kafka'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Finding } from '../../src/doctor/finding.ts'
import type { CallOptions } from '../cli-process.ts'
import { World } from '../world.ts'

interface Report {
  readonly findings: readonly Finding[]
  readonly counts: { readonly ok: number; readonly warning: number; readonly problem: number }
}

async function examine(world: World, args = '', options: CallOptions = {}): Promise<{ code: number | null } & Report> {
  const { code, stdout, stderr } = await world.cli.call(`doctor ${args} -o json`, options)
  if (stdout === '') throw new Error(`doctor said nothing: ${stderr}`)
  return { code, ...(JSON.parse(stdout) as Report) }
}

function of(findings: readonly Finding[], check: Finding['check'], level?: Finding['level']): readonly Finding[] {
  return findings.filter((finding) => finding.check === check && (level === undefined || finding.level === level))
}

function aheadBy(skewMs: number): CallOptions {
  return { clock: { ...systemClock, nowMs: () => systemClock.nowMs() + skewMs } }
}

describe.each(testBrokers())('towline doctor on $name', ({ start }) => {
  let broker: RunningBroker
  let fresh: World
  let world: World

  beforeAll(async () => {
    broker = await start()
    fresh = await World.on(broker)
    world = await (await World.on(broker)).prepare()
  })

  afterAll(async () => {
    await Promise.all([fresh.stop(), world.stop()])
    await broker.stop()
  })

  test('finds no problem where all is as it should be', async () => {
    const { code, findings, counts } = await examine(world)
    expect(of(findings, 'topics')).toContainEqual(
      expect.objectContaining({ level: 'ok', subject: 'orders', message: '6 topics, as planned' }),
    )
    expect(counts.problem).toBe(0)
    expect(code).toBe(0)
    const apart = findings.filter(({ level, message }) => level !== 'ok' && !message.startsWith('auto.create.topics'))
    expect(apart).toEqual([])
  })

  test('topics that are missing and schemas that nobody pushed are problems, exit code 1', async () => {
    const { code, findings } = await examine(fresh)
    expect(of(findings, 'topics', 'problem')).toContainEqual(
      expect.objectContaining({
        subject: 'orders',
        message: expect.stringMatching(/^6 topics missing: .*orders\.tasks, /),
        wayOut: 'Run towline topics apply',
      }),
    )
    expect(of(findings, 'registry', 'problem')).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/^the schema of 4 subjects is not registered: .*orders\.tasks-value/),
        wayOut: 'Run towline schemas push',
      }),
    ])
    expect(of(findings, 'partitions')).toEqual([])
    expect(code).toBe(1)
  })

  test('a topic that breaks a promise is a problem, fewer partitions than wanted a warning', async () => {
    const env = { TOWLINE_PARTITIONS_TASKS: '7', TOWLINE_PARTITIONS_DLQ: '5' }
    const { code, findings } = await examine(world, '', { env })
    expect(of(findings, 'topics', 'problem')).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/^partitions is 12, wanted 7: /) }),
    ])
    expect(of(findings, 'topics', 'warning')).toEqual([
      expect.objectContaining({ message: 'it has 3 partitions, wanted 5', wayOut: 'Run towline topics apply' }),
    ])
    expect(code).toBe(1)
  })

  test('a configuration that breaks a promise by itself is a problem', async () => {
    const { findings } = await examine(world, '', { env: { TOWLINE_RETENTION: '1m' } })
    expect(of(findings, 'topics', 'problem')).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/^TOWLINE_TOPIC_MISCONFIGURED: retention of .* must be at least/),
        wayOut: 'Raise the retention, or lower the lag bound or the longest delay',
      }),
    ])
  })

  test('offsets that expire before their tasks do are a warning where the broker tells it', async () => {
    const { findings } = await examine(world, '', { env: { TOWLINE_RETENTION: '60d' } })
    const expiring = of(findings, 'broker', 'warning').filter(({ message }) => message.startsWith('offsets.retention'))
    const told = (await examine(world)).findings.some(
      ({ message }) => message.includes('offsets kept') || message.startsWith('auto.create'),
    )
    expect(expiring).toHaveLength(told ? 1 : 0)
  })

  test('capacity that is never used is a warning', async () => {
    const admits = await examine(world, '', { env: { TOWLINE_MAX_IN_FLIGHT: '50' } })
    expect(of(admits.findings, 'partitions')).toEqual([
      expect.objectContaining({
        level: 'warning',
        message: 'a runner admits 50 tasks at once, below concurrency 100, which is never reached',
      }),
    ])
    const ordered = await examine(world, '--config partition-ordered.config.ts')
    expect(of(ordered.findings, 'partitions')).toEqual([
      expect.objectContaining({
        level: 'warning',
        message: expect.stringContaining('of concurrency 100 a runner uses at most 12'),
        wayOut: 'Set concurrency to 12, or order by key',
      }),
    ])
    expect(ordered.code).toBe(0)
  })

  test('runners without a partition are a warning, as many as there is work for are not', async () => {
    const one = await World.on(broker)
    const env = { TOWLINE_PARTITIONS_TASKS: '1' }
    await one.cli.call('topics apply', { env })
    await one.fleet.registerSchemas()
    await one.withRunner(async () => {
      expect(of((await examine(one, '', { env })).findings, 'partitions')).toEqual([
        expect.objectContaining({ level: 'ok', message: '1 partition, 1 runner, at most 100 tasks at once' }),
      ])
      await one.withRunner(async () => {
        expect(of((await examine(one, '', { env })).findings, 'partitions')).toEqual([
          expect.objectContaining({
            level: 'warning',
            message: '2 runners share 1 partition: 1 of them has nothing to do',
          }),
        ])
      })
    })
    await one.stop()
  })

  test('a compatibility level that lets too much in is a warning', async () => {
    const subject = `${world.namespace}.orders.tasks-value`
    await world.fleet.schemas.ensureCompatibility(subject, 'NONE')
    const { code, findings } = await examine(world)
    await world.fleet.schemas.ensureCompatibility(subject, 'FULL_TRANSITIVE')
    expect(of(findings, 'registry', 'warning')).toEqual([
      expect.objectContaining({ subject, message: expect.stringMatching(/^compatibility level NONE lets in/) }),
    ])
    expect(code).toBe(0)
  })

  test('a registry that is out is a problem, and the rest is looked at all the same', async () => {
    const { code, findings } = await examine(world, '--registry http://127.0.0.1:1')
    expect(of(findings, 'registry')).toEqual([
      expect.objectContaining({ level: 'problem', message: expect.stringMatching(/^TOWLINE_REGISTRY_UNAVAILABLE: /) }),
    ])
    expect(of(findings, 'clock')).toHaveLength(1)
    expect(code).toBe(1)
  })

  describe('the clock', () => {
    test('is measured both ways by a record of its own', async () => {
      expect(of((await examine(world, '--measure-clock')).findings, 'clock')).toEqual([
        expect.objectContaining({
          level: 'ok',
          message: expect.stringMatching(/^agrees with the brokers' within \d+ms$/),
        }),
      ])
      expect(of((await examine(world, '--measure-clock', aheadBy(60_000))).findings, 'clock')).toEqual([
        expect.objectContaining({
          level: 'problem',
          message: expect.stringMatching(/^this machine's clock is (59s|1m).* or more ahead of the brokers'$/),
        }),
      ])
      expect(of((await examine(world, '--measure-clock', aheadBy(-7_500))).findings, 'clock')).toEqual([
        expect.objectContaining({
          level: 'warning',
          message: expect.stringMatching(/^this machine's clock is [5-7]s or more behind the brokers'$/),
        }),
      ])
    })

    test('is read from records that are there: a record from the future proves that it is behind', async () => {
      const topic = topicNames('orders', world.namespace).retry(1_000)
      expect(of((await examine(world)).findings, 'clock')).toEqual([
        expect.objectContaining({ level: 'ok', message: expect.stringMatching(/^not measured/) }),
      ])
      const sender = await world.fleet.sender()
      await sender.send({ topic, partition: 0 }, { key: Buffer.from('k'), value: Buffer.from('v'), headers: {} })
      expect(of((await examine(world)).findings, 'clock')).toEqual([
        expect.objectContaining({ level: 'ok', message: expect.stringMatching(/^no record is from the future/) }),
      ])
      expect(of((await examine(world, '', aheadBy(-600_000))).findings, 'clock')).toEqual([
        expect.objectContaining({ level: 'problem', message: expect.stringContaining('or more behind the brokers') }),
      ])
    })
  })

  test('a bootstrap address that is dead is a warning, none that answers a problem', async () => {
    const some = await examine(world, `--brokers 127.0.0.1:1,${broker.brokers[0]}`)
    expect(of(some.findings, 'broker', 'warning')).toContainEqual(
      expect.objectContaining({ subject: '127.0.0.1:1', message: 'does not answer; the other bootstrap addresses do' }),
    )
    const { code, stdout, stderr } = await world.cli.call('doctor --brokers 127.0.0.1:1')
    expect(stdout).toMatch(/^problem +broker +127\.0\.0\.1:1: TOWLINE_BROKER_UNAVAILABLE: /m)
    expect(stderr).toContain('not checked, since no broker answers: topics, partitions, clock')
    expect(code).toBe(1)
  })

  test('a configuration without agents is a warning', async () => {
    const { findings } = await examine(world, '', { cwd: '/' })
    expect(of(findings, 'topics', 'warning')).toEqual([
      expect.objectContaining({ level: 'warning', message: expect.stringMatching(/^no agents are configured/) }),
    ])
  })

  test('for people it is a line per finding, and the counts on stderr', async () => {
    const { stdout, stderr } = await world.cli.call('doctor')
    expect(stdout).toMatch(/^ok {7}node {8}Node \d+\.\d+\.\d+$/m)
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .every((line) => /^(ok|warning|problem) /.test(line)),
    ).toBe(true)
    expect(stderr).toMatch(/^0 problems, \d warnings?, \d ok\n$/)
    const lines = (await world.cli.call('doctor -o jsonl')).stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(stdout.trimEnd().split('\n').length)
  })
})
