import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { World } from './world.ts'

interface LetterList {
  readonly counts: { readonly open: number; readonly resolved: number }
  readonly deadLetters: readonly { readonly taskId: string; readonly life: number }[]
}

// What each verb prints and refuses by itself: test/verbs. Here one verb sees what another has done.
describe.each(testBrokers())('operating a fleet on $name', ({ start }) => {
  let broker: RunningBroker
  let world: World
  const ids: Record<'apple' | 'bad1' | 'bad2', string> = { apple: '', bad1: '', bad2: '' }

  beforeAll(async () => {
    broker = await start()
    world = await (await World.on(broker)).prepare()
    const stdin = '{"item":"apple"}\n{"item":"bad"}\n{"item":"bad"}\n'
    const { stdout } = await world.withRunner(() =>
      world.cli.call('publish orders - --tenant acme --wait 20s -o jsonl', { stdin }),
    )
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { taskId: string })
    Object.assign(ids, { apple: rows[0]?.taskId, bad1: rows[1]?.taskId, bad2: rows[2]?.taskId })
  })

  afterAll(async () => {
    await world.stop()
    await broker.stop()
  })

  test('tasks get tells state, attempts, failure, input and output', async () => {
    expect(await world.cli.json(`tasks get orders ${ids.apple}`)).toMatchObject({
      schemaVersion: 1,
      state: 'succeeded',
      attempts: 1,
      tenant: 'acme',
      input: { kind: 'decoded', value: { item: 'apple', count: 1 } },
      output: { kind: 'decoded', value: { line: '1 × apple' } },
    })
    expect(await world.cli.json(`tasks get orders ${ids.bad1.toUpperCase()}`)).toMatchObject({
      state: 'dead-lettered',
      failure: { code: 'TerminalError', message: 'no such item: bad', attempt: 1 },
    })
  })

  test('lag and offsets show where the groups are', async () => {
    const { topics } = await world.cli.json<{ topics: { kind: string; lag: number; effectiveLag: number }[] }>('lag')
    expect(topics.find(({ kind }) => kind === 'tasks')).toMatchObject({ lag: 0, effectiveLag: 0 })
    const { partitions } = await world.cli.json<{ partitions: object[] }>('offsets show orders')
    expect(partitions).toContainEqual(
      expect.objectContaining({ topic: `${world.namespace}.orders.tasks`, lag: 0, pinnedBy: null, owner: null }),
    )
    const lines = (await world.cli.call('offsets show orders -o jsonl')).stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(partitions.length)
  })

  test('dlq list counts exactly, filters, and groups by kind of error', async () => {
    const { counts, deadLetters } = await world.cli.json<LetterList>('dlq list orders')
    expect(counts).toMatchObject({ open: 2, resolved: 0 })
    expect(deadLetters.map(({ taskId }) => taskId).sort()).toEqual([ids.bad1, ids.bad2].sort())
    const none = await world.cli.json<LetterList>("dlq list orders --error 'something else'")
    expect(none).toMatchObject({ counts: { open: 0 }, deadLetters: [] })
    const groups = await world.cli.json<{ groups: object[] }>(
      'dlq list orders --groups --tenant acme --since -1h --reason terminal',
    )
    expect(groups.groups).toEqual([
      expect.objectContaining({ open: 2, code: 'TerminalError', pattern: 'no such item: bad' }),
    ])
  })

  test('dlq show tells the true error, its stack and the payload', async () => {
    expect(await world.cli.json(`dlq show orders ${ids.bad1}`)).toMatchObject({
      taskId: ids.bad1,
      reason: 'terminal',
      lastFailure: {
        code: 'TerminalError',
        message: 'no such item: bad',
        stack: expect.stringContaining('towline.config.ts'),
      },
      payload: { kind: 'decoded', value: { item: 'bad', count: 1 } },
    })
  })

  test('a redrive that was refused or only counted changes nothing', async () => {
    const { code, stderr } = await world.cli.call('dlq redrive orders --all --rate 1')
    expect(code).toBe(6)
    expect(stderr).toMatch(/^redrive 2 dead letters of orders, written .*, about 2s at 1\/s\n/)
    const counted = await world.cli.json('dlq redrive orders --all --dry-run')
    expect(counted).toMatchObject({ dryRun: true, counts: { eligible: 2, redriven: 0 } })
    expect((await world.cli.json<LetterList>('dlq list orders')).counts).toMatchObject({ open: 2, resolved: 0 })
  })

  test('redrive sends one back and records who and why; its next life is there', async () => {
    const done = await world.cli.json(`dlq redrive orders ${ids.bad1} --yes --by ana --because 'fixed in 1.4.2'`)
    expect(done).toMatchObject({
      counts: { redriven: 1 },
      items: [{ taskId: ids.bad1, life: 1, outcome: 'redriven' }],
    })
    expect(await world.cli.json(`dlq show orders ${ids.bad1}`)).toMatchObject({
      state: 'resolved',
      resolutions: [{ resolvedAs: 'redriven', by: 'ana', reason: 'fixed in 1.4.2' }],
    })
    expect(await world.cli.json(`tasks get orders ${ids.bad1}`)).toMatchObject({ state: 'queued', life: 2 })
  })

  test('purge writes one off; a second time there is nothing to do', async () => {
    expect(await world.cli.json(`dlq purge orders ${ids.bad2} --yes`)).toMatchObject({ counts: { purged: 1 } })
    const again = await world.cli.call('dlq purge orders --all --yes')
    expect(again).toMatchObject({ code: 0, stderr: 'No open dead letter of orders to purge\n' })
  })

  test('replay runs what it counted, and reports', async () => {
    const dry = await world.cli.json<{ counts: { records: number } }>('replay orders --from -1h --dry-run')
    const run = await world.cli.json<{ replayId: string }>(
      "replay orders --from -1h --yes --by ana --because 'new prompt'",
    )
    expect(run).toMatchObject({ end: 'finished', sent: dry.counts.records })
    const { replays } = await world.cli.json<{ replays: object[] }>('replay status orders')
    expect(replays).toEqual([
      expect.objectContaining({
        replayId: run.replayId,
        state: 'finished',
        plan: expect.objectContaining({ by: 'ana', reason: 'new prompt' }),
      }),
    ])
    expect(await world.cli.json(`replay report orders ${run.replayId}`)).toMatchObject({
      state: 'finished',
      records: dry.counts.records,
      ended: 0,
      open: dry.counts.records,
    })
  })

  test('a stored plan is started by resume and forgotten by abort', async () => {
    const planned = await world.cli.json<{ replayId: string; counts: { records: number } }>(
      'replay plan orders --max 1',
    )
    expect(planned.counts.records).toBe(1)
    const { replayId } = planned
    expect(await world.cli.json(`replay resume orders ${replayId} --yes`)).toMatchObject({ end: 'finished', sent: 1 })
    expect(await world.cli.call(`replay abort orders ${replayId} --yes`)).toMatchObject({ code: 0 })
    for (const verb of ['status', 'report', 'resume', 'abort']) {
      expect(await world.cli.call(`replay ${verb} orders ${replayId}`)).toMatchObject({
        code: 4,
        stderr: expect.stringContaining(`orders has no replay "${replayId}"`),
      })
    }
  })

  describe('works without a configuration file where no agent is needed', () => {
    test.each(['lag', 'dlq list orders', 'offsets show orders', 'replay status orders'])('towline %s', async (args) => {
      expect(await world.cli.call(args, { cwd: '/' })).toMatchObject({ code: 0 })
    })
  })

  test('an agent type that cannot be one is a usage error', async () => {
    expect(await world.cli.call("dlq list 'No Name'")).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: TOWLINE_NAME_INVALID: agent type must match/),
    })
  })

  test('the stack of an error is shown only with --verbose', async () => {
    expect((await world.cli.call('lag nosuch')).stderr).not.toMatch(/\n {4}at /)
    expect((await world.cli.call('lag nosuch --verbose')).stderr).toMatch(/\n {4}at /)
  })
})
