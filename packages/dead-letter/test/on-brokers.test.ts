import { DEAD_REASONS, HEADER, headerText, readEnvelope, userHeaders } from '@towline/contracts'
import { DEFAULT_MAX_MESSAGE_BYTES } from '@towline/kafka'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BrokerWorld, type ReadRecord, TIERS_MS } from './broker-world.ts'

const ALL = { all: true, by: 'ana', reason: 'fixed in 1.4.2' }

describe.each(testBrokers())('on $name', ({ start }) => {
  let broker: RunningBroker
  let world: BrokerWorld

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())
  beforeEach(async () => {
    world = await BrokerWorld.on(broker)
  })
  afterEach(() => world.close())

  function livesOf(records: readonly ReadRecord[]): string[] {
    const lives = records.map((record) => readEnvelope(record).envelope)
    return [...new Set(lives.map(({ taskId, life }) => `${taskId}/${life}`))].toSorted()
  }

  test('a letter is written, counted, shown, redriven once and resolved', async () => {
    const record = await world.publish({ path: 'docs/a.md', key: 'customer-1', headers: { 'x-trace': ['a', 'b'] } })
    const taskId = await world.die(record, 'no such file: docs/a.md')
    expect(await world.letters.list()).toMatchObject({ open: 1, pending: 0, void: 0, resolved: 0, foreign: 0 })

    expect(await world.letters.show(taskId.slice(0, 13))).toMatchObject({
      letter: { taskId, state: 'open', attempts: 5, key: 'customer-1' },
      lastFailure: { message: 'no such file: docs/a.md', stack: expect.stringContaining('at handler') },
      payload: { kind: 'decoded', value: { path: 'docs/a.md' } },
    })

    const report = await world.letters.redrive(ALL)
    expect(report).toMatchObject({ stoppedBy: null, counts: { redriven: 1 } })
    expect(await world.letters.redrive(ALL)).toMatchObject({ counts: { redriven: 0 } })
    const sent = (await world.records(world.names.tasks)).filter(({ offset }) => offset !== record.offset)
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({ key: record.key, value: record.value })
    expect({ ...userHeaders(sent[0]?.headers ?? {}) }).toEqual({ ...userHeaders(record.headers) })
    expect(await world.letters.list()).toMatchObject({ open: 0, resolved: 1 })
  })

  test('hundreds of letters: exact counts, groups, a dry run that says what the real one does', async () => {
    const total = 300
    const dead = await Promise.all(
      Array.from({ length: total }, async (_, n) =>
        world.die(await world.publish({ key: `key-${n % 20}` }), `kind ${n % 3}.${n}: bad`),
      ),
    )
    const pending = await world.publish()
    const { envelope } = readEnvelope(pending)
    const failure = { code: 'Error', message: 'x', atMs: Date.now(), attempt: 1 }
    await world.router.deadLetter({ record: pending, envelope }, 'terminal', failure, () => 'send')
    const list = await world.letters.list()
    expect(list).toMatchObject({ open: total, pending: 1, void: 0, resolved: 0, unreadableEnds: 0 })
    expect(list.groups).toMatchObject([{ code: 'Error', pattern: 'kind <n>: bad', open: total }])

    const dry = await world.letters.redrive({ ...ALL, dryRun: true })
    expect(dry.counts.eligible).toBe(total)
    const report = await world.letters.redrive(ALL)
    expect(report.counts.redriven).toBe(total)
    const lives = livesOf(await world.records(world.names.tasks))
    expect(lives.filter((life) => life.endsWith('/2'))).toEqual(dead.map((taskId) => `${taskId}/2`).toSorted())
    expect(await world.letters.list()).toMatchObject({ open: 0, pending: 1, resolved: total })
  })

  // Of the batch around its one record, which counts too; then of what a redrive adds: id, life, redrive id.
  test.each([
    ['and back', 300, 'redriven', undefined],
    ['and stays there, when it fills its topic to the byte', 80, 'failed', 'TOWLINE_PAYLOAD_TOO_LARGE'],
  ])('the largest task moves through every tier into a dead letter, %s', async (_what, roomBytes, kind, code) => {
    const worst = '\0'.repeat(100_000)
    const failure = { code: worst, message: worst, stack: worst, atMs: Date.now(), attempt: 1 }
    const value = Buffer.alloc(DEFAULT_MAX_MESSAGE_BYTES - roomBytes, 7)
    let record = await world.write(world.names.tasks, { key: Buffer.from('k'), value, headers: {} })
    for (let attempt = 2; attempt <= 5; attempt += 1) {
      const tierMs = TIERS_MS[attempt % TIERS_MS.length] ?? 0
      const { envelope } = readEnvelope(record)
      const move = { tierMs, dueAtMs: Date.now() + 9e6, attempt }
      await world.router.toTier({ record, envelope }, move, failure, () => 'send')
      record = (await world.records(world.names.retry(tierMs))).at(-1) as ReadRecord
    }
    await world.die(record, worst)
    const { items, stoppedBy } = await world.letters.redrive(ALL)
    expect(stoppedBy).toBeNull()
    expect(
      items.map(({ outcome }) => [outcome.kind, 'error' in outcome ? Object(outcome.error).code : undefined]),
    ).toEqual([[kind, code]])
  })

  test.each(DEAD_REASONS)('the reason %s is read back from a letter', async (reason) => {
    const record = await world.publish()
    const { envelope } = readEnvelope(record)
    const failure = { code: 'Error', message: 'x', atMs: Date.now(), attempt: 1 }
    await world.router.deadLetter({ record, envelope }, reason, failure, () => 'send')
    expect((await world.letters.list({ reason })).entries).toMatchObject([{ taskId: envelope.taskId, reason }])
  })

  test('a redrive whose write was stored and never acknowledged is done again and comes to one next life', async ({
    skip,
  }) => {
    const { faults } = broker
    if (faults === undefined) return skip('only the dev broker misbehaves when told')
    const taskId = await world.die(await world.publish())
    const fault = faults.add({ api: 'Produce', when: 'after', drop: true })
    const lost = await world.letters.redrive(ALL)
    fault.remove()
    expect(lost).toMatchObject({ stoppedBy: 'failure', counts: { failed: 1, redriven: 0 } })
    expect((await world.letters.list()).open).toBe(1)
    expect(await world.letters.redrive(ALL)).toMatchObject({ counts: { redriven: 1 } })
    const records = await world.records(world.names.tasks)
    expect(records.length).toBeGreaterThan(2)
    expect(livesOf(records)).toEqual([`${taskId}/1`, `${taskId}/2`])
    expect(await world.letters.list()).toMatchObject({ open: 0, resolved: 1 })
    const resolutions = (await world.records(world.names.dlq)).filter(({ value }) => value === null)
    expect(resolutions.map(({ headers }) => headerText(headers, HEADER.resolves))).toEqual([`${taskId}/1`])
  })

  test('a missing dead-letter topic is named', async () => {
    await world.admin.deleteTopics([world.names.dlq])
    await expect(world.letters.list()).rejects.toMatchObject({ code: 'TOWLINE_TOPIC_MISSING' })
  })
})
