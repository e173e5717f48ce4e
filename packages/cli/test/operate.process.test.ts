import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningBroker, testBrokers, uniqueNamespace } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CliWorld } from './cli-process.ts'
import { World } from './world.ts'

interface LetterList {
  readonly counts: { readonly open: number; readonly resolved: number }
  readonly deadLetters: readonly { readonly taskId: string; readonly life: number }[]
}

describe.each(testBrokers())('operating a fleet on $name', ({ start }) => {
  let broker: RunningBroker
  let world: World

  beforeAll(async () => {
    broker = await start()
    world = await World.on(broker)
  })

  afterAll(async () => {
    await world.stop()
    await broker.stop()
  })

  describe('topics', () => {
    test('plan shows what apply creates; afterwards nothing is left to do', async () => {
      const planned = await world.cli.json<{ steps: { kind: string }[]; applied: boolean }>('topics plan')
      expect(planned.steps.map(({ kind }) => kind)).toEqual(Array.from({ length: 7 }, () => 'create'))
      expect(planned.applied).toBe(false)
      const applied = await world.cli.run('topics apply')
      expect(applied).toMatchObject({ code: 0, stderr: '7 changes applied\n' })
      expect(applied.stdout).toContain(`${world.namespace}.orders.tasks     created, 12 partitions`)
      expect(await world.cli.run('topics plan')).toMatchObject({ code: 0, stderr: '0 changes to apply\n' })
    })

    test('a topic that breaks a promise is exit code 6, with what to change', async () => {
      const other = new CliWorld(broker, uniqueNamespace())
      expect(await other.run('topics apply')).toMatchObject({ code: 0 })
      const { code, stdout, stderr } = await other.run('topics apply', { env: { TOWLINE_PARTITIONS_TASKS: '7' } })
      expect(code).toBe(6)
      expect(stdout).toMatch(/^! .*orders\.tasks +partitions is 12, wanted 7: /m)
      expect(stderr).toContain('refused: 1 setting of existing topics breaks a promise')
    })

    test('a configuration that breaks a promise by itself is refused too', async () => {
      const { code, stderr } = await world.cli.run('topics plan', { env: { TOWLINE_RETENTION: '1m' } })
      expect(stderr).toMatch(/^error: TOWLINE_TOPIC_MISCONFIGURED: retention of .* must be at least/)
      expect(code).toBe(6)
    })
  })

  describe('with tasks that ended', () => {
    const ids: Record<'apple' | 'bad1' | 'bad2', string> = { apple: '', bad1: '', bad2: '' }

    beforeAll(async () => {
      await world.prepare()
      const stdin = '{"item":"apple"}\n{"item":"bad"}\n{"item":"bad"}\n'
      const { stdout } = await world.withRunner(() =>
        world.cli.run('publish orders - --tenant acme --wait 20s -o jsonl', { stdin }),
      )
      const rows = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { taskId: string })
      Object.assign(ids, { apple: rows[0]?.taskId, bad1: rows[1]?.taskId, bad2: rows[2]?.taskId })
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
      const { code, stdout } = await world.cli.run(`tasks get orders ${ids.bad1.toUpperCase()}`)
      expect(code).toBe(0)
      expect(stdout).toMatch(/^state +dead-lettered \(terminal\)$/m)
      expect(stdout).toMatch(/^failure +attempt 1 at .*: TerminalError: no such item: bad$/m)
    })

    test('a task nobody published is exit code 4; what is no id is exit code 2', async () => {
      const unknown = await world.cli.run('tasks get orders 019a7b2c-8d5e-7c31-9f0a-2b4c6d8e0f12')
      expect(unknown).toMatchObject({ code: 4, stderr: expect.stringMatching(/^error: TOWLINE_TASK_NOT_FOUND: /) })
      const noId = await world.cli.run('tasks get orders apple')
      expect(noId).toMatchObject({ code: 2, stderr: expect.stringContaining('a task id must be a lower-case UUID') })
    })

    test('lag and offsets show where the groups are', async () => {
      const { topics } = await world.cli.json<{ topics: { kind: string; lag: number; effectiveLag: number }[] }>('lag')
      expect(topics.find(({ kind }) => kind === 'tasks')).toMatchObject({ lag: 0, effectiveLag: 0 })
      expect((await world.cli.run('lag orders')).stdout).toMatch(/^AGENT +TOPIC +LAG +EFFECTIVE/)
      const { partitions } = await world.cli.json<{ partitions: object[] }>('offsets show orders')
      expect(partitions).toContainEqual(
        expect.objectContaining({ topic: `${world.namespace}.orders.tasks`, lag: 0, pinnedBy: null, owner: null }),
      )
      const lines = (await world.cli.run('offsets show orders -o jsonl')).stdout.trimEnd().split('\n')
      expect(lines).toHaveLength(partitions.length)
    })

    test('dlq list counts exactly, filters, and groups by kind of error', async () => {
      const { stdout, stderr } = await world.cli.run('dlq list orders')
      expect(stderr).toBe('2 open, 0 pending, 0 void, 0 resolved\n')
      expect(stdout).toContain(ids.bad1)
      const none = await world.cli.json<LetterList>("dlq list orders --error 'something else'")
      expect(none).toMatchObject({ counts: { open: 0 }, deadLetters: [] })
      const groups = await world.cli.json<{ groups: object[] }>(
        'dlq list orders --groups --tenant acme --since -1h --reason terminal',
      )
      expect(groups.groups).toEqual([
        expect.objectContaining({ open: 2, code: 'TerminalError', pattern: 'no such item: bad' }),
      ])
    })

    test('dlq show tells the true error, its stack and the payload; an unknown id is exit code 4', async () => {
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
      expect(await world.cli.run('dlq show orders 0000')).toMatchObject({
        code: 4,
        stderr: expect.stringMatching(/^error: TOWLINE_DEAD_LETTER_NOT_FOUND: /),
      })
    })

    test('dlq show says so where the registry is out, and does not call it poison', async () => {
      const { code, stderr, elapsedMs } = await world.cli.run(
        `dlq show orders ${ids.bad1} --registry http://127.0.0.1:1`,
      )
      expect(code).toBe(1)
      expect(stderr).toMatch(/^error: TOWLINE_REGISTRY_UNAVAILABLE: /)
      expect(elapsedMs).toBeLessThan(20_000)
    })

    test('redrive and purge refuse an empty filter, and want --yes', async () => {
      for (const verb of ['redrive', 'purge']) {
        expect(await world.cli.run(`dlq ${verb} orders --yes`)).toMatchObject({
          code: 6,
          stderr: expect.stringMatching(/^error: TOWLINE_FILTER_REQUIRED: /),
        })
      }
      const { code, stdout, stderr } = await world.cli.run('dlq redrive orders --all --rate 1')
      expect(code).toBe(6)
      expect(stdout).toBe('')
      expect(stderr).toMatch(
        /^redrive 2 dead letters of orders, written .*, about 2s at 1\/s\nerror: TOWLINE_CONFIRMATION_REQUIRED: nothing was changed\. Add --yes/,
      )
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
      const again = await world.cli.run('dlq purge orders --all --yes')
      expect(again).toMatchObject({ code: 0, stderr: 'No open dead letter of orders to purge\n' })
      expect(await world.cli.run('dlq purge orders 01890000-0000-7000-8000-000000000001 --yes')).toMatchObject({
        code: 4,
      })
    })

    test('replay counts first, wants --yes, runs, and reports', async () => {
      const refused = await world.cli.run('replay orders')
      expect(refused).toMatchObject({ code: 6, stderr: expect.stringMatching(/^error: TOWLINE_FILTER_REQUIRED: /) })
      const dry = await world.cli.json<{ counts: { records: number } }>('replay orders --from -1h --dry-run')
      const { code, stdout, stderr } = await world.cli.run('replay orders --from -1h --rate 100')
      expect({ code, stdout }).toEqual({ code: 6, stdout: '' })
      expect(stderr).toContain(`replay ${dry.counts.records} records (`)
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
      const report = await world.cli.json(`replay report orders ${run.replayId}`)
      expect(report).toMatchObject({
        state: 'finished',
        records: dry.counts.records,
        ended: 0,
        open: dry.counts.records,
      })
    })

    test('a stored plan is started by resume, with --yes, and forgotten by abort', async () => {
      const planned = await world.cli.json<{ replayId: string; counts: { records: number } }>(
        'replay plan orders --max 1',
      )
      expect(planned.counts.records).toBe(1)
      const { replayId } = planned
      expect(await world.cli.run(`replay resume orders ${replayId}`)).toMatchObject({ code: 6 })
      expect(await world.cli.json(`replay resume orders ${replayId} --yes`)).toMatchObject({ end: 'finished', sent: 1 })
      expect(await world.cli.run(`replay abort orders ${replayId}`)).toMatchObject({ code: 6 })
      expect(await world.cli.run(`replay abort orders ${replayId} --yes`)).toMatchObject({ code: 0 })
      for (const verb of ['status', 'report', 'resume', 'abort']) {
        expect(await world.cli.run(`replay ${verb} orders ${replayId}`)).toMatchObject({
          code: 4,
          stderr: expect.stringContaining(`orders has no replay "${replayId}"`),
        })
      }
    })

    test('a replay of nothing, or of a bound that cannot be read, is a usage error', async () => {
      expect(await world.cli.run('replay orders --from end --yes')).toMatchObject({ code: 2 })
      expect(await world.cli.run('replay orders --from soon --yes')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^error: TOWLINE_REPLAY_INVALID: --from cannot be read/),
      })
    })
  })

  describe('works without a configuration file where no agent is needed', () => {
    test.each(['lag', 'dlq list orders', 'offsets show orders', 'replay status orders'])('towline %s', async (args) => {
      expect(await world.cli.run(args, { cwd: '/' })).toMatchObject({ code: 0 })
    })
  })

  describe('refuses, within seconds', () => {
    const calls: readonly [args: string, code: number, says: RegExp][] = [
      ['lag nosuch', 4, /^error: TOWLINE_AGENT_UNKNOWN: no agent type "nosuch" is known\. Known: orders/],
      ['offsets show nosuch', 4, /TOWLINE_AGENT_UNKNOWN/],
      ['dlq list nosuch', 4, /TOWLINE_AGENT_UNKNOWN/],
      ['dlq redrive nosuch --all --yes', 4, /TOWLINE_AGENT_UNKNOWN/],
      ['replay nosuch --all --yes', 4, /TOWLINE_AGENT_UNKNOWN/],
      ['tasks get nosuch 019a7b2c-8d5e-7c31-9f0a-2b4c6d8e0f12', 4, /TOWLINE_AGENT_UNKNOWN/],
      ["dlq list 'No Name'", 2, /TOWLINE_NAME_INVALID: agent type must match/],
      ['run nosuch', 4, /TOWLINE_AGENT_UNKNOWN/],
      [
        'lag --brokers 127.0.0.1:1',
        1,
        /^error: TOWLINE_BROKER_UNAVAILABLE: no Kafka broker answered at 127\.0\.0\.1:1/,
      ],
      ['topics apply --brokers 127.0.0.1:1', 1, /TOWLINE_BROKER_UNAVAILABLE/],
      ['dlq list orders --brokers 127.0.0.1:1', 1, /TOWLINE_BROKER_UNAVAILABLE/],
      ['run --brokers 127.0.0.1:1', 1, /TOWLINE_BROKER_UNAVAILABLE/],
      ['run --registry http://127.0.0.1:1', 1, /TOWLINE_REGISTRY_UNAVAILABLE/],
      [
        'lag --config missing.ts',
        2,
        /TOWLINE_CONFIG_UNREADABLE: cannot read .*missing\.ts: no such file\. Name the file by --config/,
      ],
    ]

    test.each(calls)('towline %s', async (args, code, says) => {
      const finished = await world.cli.call(args)
      // A runner writes its log to stderr, as JSON; everything else has one line to say.
      const lines = finished.stderr.trimEnd().split('\n')
      const sentences = args.startsWith('run') ? lines.filter((line) => !line.startsWith('{')) : lines
      expect(sentences).toEqual([expect.stringMatching(says)])
      expect(finished.stdout).toBe('')
      expect(finished.code).toBe(code)
      expect(finished.elapsedMs).toBeLessThan(15_000)
    })

    test('a configuration that does not load', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'towline-broken-'))
      await writeFile(join(folder, 'towline.config.ts'), 'export default {')
      const { code, stderr } = await world.cli.run('lag', { cwd: folder })
      await rm(folder, { recursive: true })
      expect(stderr).toMatch(/^error: TOWLINE_CONFIG_UNREADABLE: .*towline\.config\.ts does not load: SyntaxError/)
      expect(code).toBe(2)
    })

    test('a runner whose topics are missing says which, and what to do', async () => {
      const fresh = new CliWorld(broker, uniqueNamespace())
      const { code, stderr } = await fresh.run('run')
      expect(code).toBe(1)
      expect(stderr).toMatch(/^error: TOWLINE_TOPIC_MISSING: .*orders\.tasks.*towline topics apply/)
    })

    test('the stack only with --verbose', async () => {
      const { stderr } = await world.cli.run('lag nosuch --verbose')
      expect(stderr).toMatch(/\n {4}at /)
    })
  })
})
