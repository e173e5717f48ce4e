import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { World } from './world.ts'

describe.each(testBrokers())('towline publish on $name', ({ start }) => {
  let broker: RunningBroker
  let world: World
  let folder: string

  beforeAll(async () => {
    broker = await start()
    world = await (await World.on(broker)).prepare()
    folder = await mkdtemp(join(tmpdir(), 'towline-publish-'))
  })

  afterAll(async () => {
    await world.stop()
    await broker.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function fileWith(name: string, content: string | Buffer): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, content)
    return path
  }

  test('publishes one task and prints its id alone on stdout', async () => {
    const { code, stdout, stderr } = await world.cli.run(`publish orders --data '{"item":"apple","count":3}'`)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^[0-9a-f-]{36}\n$/)
    expect(stderr).toBe('')
  })

  test('waits for the result, and prints it', async () => {
    const row = await world.withRunner(() =>
      world.cli.json(
        `publish orders --data '{"item":"pear","count":3}' --key k --tenant acme --deadline 1h --wait 20s`,
      ),
    )
    expect(row).toEqual({
      schemaVersion: 1,
      line: null,
      taskId: expect.any(String),
      partition: expect.any(Number),
      offset: expect.any(Number),
      output: { line: '3 × pear' },
    })
  })

  test('a task that dies is a failure: its id on stdout, its error on stderr', async () => {
    const { code, stdout, stderr } = await world.withRunner(() =>
      world.cli.call(`publish orders --data '{"item":"bad"}' --wait 20s`),
    )
    expect(code).toBe(1)
    expect(stdout).toMatch(/^[0-9a-f-]{36}\n$/)
    expect(stderr).toMatch(/^error: TOWLINE_TASK_DEAD: .*no such item: bad/)
  })

  test('a result that does not come in time is exit code 124, and the task is there', async () => {
    const { code, stdout, stderr } = await world.cli.call(`publish orders --data '{"item":"apple"}' --wait 300ms`)
    expect(code).toBe(124)
    expect(stderr).toMatch(/^error: TOWLINE_RESULT_TIMEOUT: /)
    expect(await world.cli.json(`tasks get orders ${stdout.trim()}`)).toMatchObject({ state: 'queued' })
  })

  test('publishes a line each: bad ones are told by number, the others go on, exit code 3', async () => {
    const stdin = Buffer.concat([
      Buffer.from('\uFEFF{"item":"a"}\r\n\r\n{"item":\n{"item":5}\n'),
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
      Buffer.from('{"item":"b"}'),
    ])
    const { code, stdout, stderr } = await world.cli.run('publish orders -', { stdin })
    expect(code).toBe(3)
    expect(stdout.trimEnd().split('\n')).toHaveLength(2)
    const lines = stderr.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^TOWLINE_INPUT_INVALID: line 3 is not JSON/)
    expect(lines[1]).toMatch(/^line 4: TOWLINE_SCHEMA_MISMATCH: .*item must be string/)
    expect(lines[2]).toMatch(/^TOWLINE_INPUT_INVALID: line 5 is not UTF-8/)
    expect(lines[3]).toBe('2 tasks published, 3 lines failed')
    expect(lines).toHaveLength(4)
  })

  test('as JSON: every line has its row, published or failed', async () => {
    const { code, stdout } = await world.cli.call('publish orders - -o json', { stdin: '{"item":"a"}\nnope\n' })
    expect(code).toBe(3)
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      published: 1,
      failed: 1,
      stoppedAfterLine: null,
      interrupted: false,
      tasks: [{ line: 1, taskId: expect.any(String), partition: expect.any(Number), offset: expect.any(Number) }],
      failures: [
        { line: 2, error: { code: 'TOWLINE_INPUT_INVALID', message: expect.stringContaining('line 2 is not JSON') } },
      ],
    })
    const streamed = await world.cli.call('publish orders - -o jsonl', { stdin: '{"item":"a"}\nnope\n' })
    const rows = streamed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
    expect(rows).toEqual([
      expect.objectContaining({ schemaVersion: 1, line: 1, taskId: expect.any(String) }),
      expect.objectContaining({
        schemaVersion: 1,
        line: 2,
        error: expect.objectContaining({ code: 'TOWLINE_INPUT_INVALID' }),
      }),
    ])
  })

  test('a file of lines can be sent again: its field makes the same tasks', async () => {
    const file = await fileWith('orders.jsonl', '{"item":"x1","count":1}\n{"item":"x2","count":2}\n')
    const send = () => world.cli.call(`publish orders --file ${file} --idempotency-key-field item --key-field item`)
    const first = await send()
    expect(first.code).toBe(0)
    expect((await send()).stdout).toBe(first.stdout)
  })

  test('a line without the field that was named is told', async () => {
    const { code, stderr } = await world.cli.call('publish orders - --key-field basket', { stdin: '{"item":"a"}\n' })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^TOWLINE_INPUT_INVALID: line 1 has no text or number in field "basket"/)
  })

  test('an interrupt ends an idle input in good order: what was read is published', async () => {
    const running = world.cli.start('publish orders -')
    running.write('{"item":"a"}\n{"item":"b"}\n')
    await expect.poll(() => running.stdout.split('\n').length, { timeout: 20_000 }).toBe(3)
    running.signal('SIGINT')
    const { code, stderr } = await running.finished
    expect(code).toBe(130)
    expect(stderr).toContain('2 tasks published')
  })

  test('an interrupt while it waits for a result leaves the id on stdout', async () => {
    const tasksLag = async () => (await world.fleet.lag(['orders'])).find(({ kind }) => kind === 'tasks')?.lag ?? 0
    const lagBefore = await tasksLag()
    const running = world.cli.start(`publish orders --data '{"item":"a"}' --wait`)
    await expect.poll(tasksLag, { timeout: 20_000 }).toBeGreaterThan(lagBefore)
    running.signal('SIGINT')
    const { code, stdout, stderr } = await running.finished
    expect({ code, stderr }).toEqual({ code: 130, stderr: 'interrupted\n' })
    expect(stdout).toMatch(/^[0-9a-f-]{36}\n$/)
  })

  describe('refuses', () => {
    const usage: readonly [what: string, args: string, stdin: string, says: RegExp][] = [
      ['no input', 'publish orders', '', /^error: TOWLINE_OPTION_INVALID: exactly one input must be named/],
      ['two inputs', "publish orders - --data '{}'", '', /exactly one input must be named/],
      ['an operand that is not -', 'publish orders tasks.jsonl', '', /"tasks.jsonl" is no input/],
      ['text that is no JSON', "publish orders --data '{'", '', /TOWLINE_INPUT_INVALID: --data is not JSON/],
      ['an empty stdin', 'publish orders -', '', /TOWLINE_INPUT_INVALID: stdin is empty/],
      ['a missing file', 'publish orders --file /nowhere.json', '', /cannot read file \/nowhere.json: no such file/],
      [
        'a missing file of lines',
        'publish orders --file /nowhere.jsonl',
        '',
        /cannot read file \/nowhere.jsonl: no such file/,
      ],
      ['a folder', 'publish orders --file /tmp', '', /TOWLINE_INPUT_INVALID: cannot read file \/tmp: it is a folder/],
      [
        'a bad deadline',
        'publish orders --data \'{"item":"a"}\' --deadline soon',
        '',
        /TOWLINE_DURATION_INVALID: deadline must be/,
      ],
      [
        'one idempotency key for many lines',
        'publish orders - --idempotency-key x',
        '{"item":"a"}\n',
        /would make all lines the same task/,
      ],
      [
        'a key twice',
        'publish orders - --key x --key-field item',
        '{"item":"a"}\n',
        /--key and --key-field say the same/,
      ],
    ]
    test.each(usage)('%s with exit code 2', async (_what, args, stdin, says) => {
      const { code, stdout, stderr } = await world.cli.call(args, { stdin })
      expect(stderr).toMatch(says)
      expect(stdout).toBe('')
      expect(code).toBe(2)
    })

    test('an empty file, of either kind', async () => {
      const [json, lines] = await Promise.all([fileWith('empty.json', ''), fileWith('empty.jsonl', '\n')])
      expect(await world.cli.call(`publish orders --file ${json}`)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('is empty'),
      })
      expect(await world.cli.call(`publish orders --file ${lines}`)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('is empty'),
      })
    })

    test('an unknown agent with exit code 4, naming those there are', async () => {
      const { code, stderr } = await world.cli.call(`publish nosuch --data '{}'`)
      expect(code).toBe(4)
      expect(stderr).toBe('error: TOWLINE_AGENT_UNKNOWN: no agent type "nosuch" is known. Choose one of: orders\n')
    })

    test('an input of the wrong shape, naming the field', async () => {
      const { code, stderr } = await world.cli.call(`publish orders --data '{"item":1}'`)
      expect(code).toBe(2)
      expect(stderr).toMatch(/^error: TOWLINE_SCHEMA_MISMATCH: io.towline.test.Order: item must be string/)
    })

    test('a record larger than its topic takes, with size and bound', async () => {
      const file = await fileWith('large.json', JSON.stringify({ item: 'x'.repeat(1_100_000) }))
      const { code, stderr } = await world.cli.call(`publish orders --file ${file}`)
      expect(code).toBe(2)
      expect(stderr).toMatch(/^error: TOWLINE_PAYLOAD_TOO_LARGE: an input of 1\d{6} bytes, .* takes \d+/)
    })

    test('to wait for a registry that is out: one error, not one per line', async () => {
      const stdin = '{"item":"a"}\n'.repeat(50)
      const { code, stderr, elapsedMs } = await world.cli.call('publish orders - --registry http://127.0.0.1:1', {
        stdin,
      })
      expect(code).toBe(1)
      expect(stderr.match(/TOWLINE_REGISTRY_UNAVAILABLE/g)).toHaveLength(1)
      expect(stderr).toContain('stopped: nothing after line 1 was read')
      expect(elapsedMs).toBeLessThan(15_000)
    })

    test('to wait for brokers that are down or elsewhere', async () => {
      const { code, stderr, elapsedMs } = await world.cli.call(
        `publish orders --data '{"item":"a"}' --brokers 127.0.0.1:1`,
      )
      expect(code).toBe(1)
      expect(stderr).toMatch(/^error: TOWLINE_BROKER_UNAVAILABLE: no Kafka broker answered at 127.0.0.1:1/)
      expect(elapsedMs).toBeLessThan(15_000)
    })

    test('a schema nobody pushed, and a topic nobody made', async () => {
      const fresh = await World.on(broker)
      try {
        const unregistered = await fresh.cli.call(`publish orders --data '{"item":"a"}'`)
        expect(unregistered).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/TOWLINE_(SCHEMA_UNREGISTERED|TOPIC_MISSING)/),
        })
        await fresh.fleet.registerSchemas()
        const missing = await fresh.cli.call(`publish orders --data '{"item":"a"}'`)
        expect(missing).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/TOWLINE_TOPIC_MISSING: .*towline topics apply/),
        })
      } finally {
        await fresh.stop()
      }
    })
  })
})
