import { groupIdOf } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type CliOptions, RunningCli } from './cli-process.ts'
import { World } from './world.ts'

const NO_BROKER = '127.0.0.1:1'
const WAIT = { timeout: 20_000, interval: 50 }

const started: RunningCli[] = []
function start(args: readonly string[], options: CliOptions = {}): RunningCli {
  const cli = new RunningCli(args, options)
  started.push(cli)
  return cli
}
afterEach(async () => {
  for (const each of started) each.signal('SIGKILL')
  await Promise.all(started.splice(0).map(({ finished }) => finished))
})

/** The log lines of a supervisor or runner. */
function logged({ stderr }: { readonly stderr: string }): readonly Record<string, unknown>[] {
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('the supervisor of towline run', () => {
  test('restarts a runner that crashes, waits longer each time, and stops at the first signal', async () => {
    const cli = start(['run', '--config', 'dying.config.ts'])
    await cli.said('"delayMs":1000')
    cli.signal('SIGTERM')
    const { code, stderr } = await cli.finished
    expect(code, stderr).toBe(0)
    expect(logged({ stderr })).toMatchObject(
      [250, 500, 1_000].map((delayMs, at) => ({ signal: 'SIGKILL', crashes: at + 1, delayMs })),
    )
  })

  test('hands stdin, stdout and stderr to the runner, and does not restart one whose configuration is refused', async () => {
    const { code, stdout, stderr } = await start(['run', '--config', 'echo.config.ts'], { stdin: 'ping\n' }).finished
    expect(code).toBe(2)
    expect(stdout).toBe('out: ping\n')
    expect(stderr).toMatch(/^err: ping\nerror: TOWLINE_CONFIG_INVALID: the configuration has no agents.*\n$/)
  })

  test('does not restart a runner whose first start fails, flags after -- or not', async () => {
    const { code, stderr } = await start(['run', '--brokers', NO_BROKER, '--', 'orders']).finished
    expect(code).toBe(1)
    expect(stderr.match(/^error: /gm)).toHaveLength(1)
    expect(stderr).toContain('TOWLINE_BROKER_UNAVAILABLE')
    expect(stderr).not.toContain('restarting')
  })

  test('refuses a wrong call itself', async () => {
    const { code, stderr } = await start(['run', '--nope']).finished
    expect(code).toBe(2)
    expect(stderr.match(/unknown option/g)).toHaveLength(1)
  })
})

describe.each(testBrokers())('towline run on $name', ({ start: startBroker }) => {
  let broker: RunningBroker
  let world: World

  beforeAll(async () => {
    broker = await startBroker()
    world = await (await World.on(broker)).prepare()
  })

  afterAll(async () => {
    await world.stop()
    await broker.stop()
  })

  /** Starts `towline run`; answers with the process id of its runner. */
  async function run(
    env: Readonly<Record<string, string>> = {},
    flags = '',
  ): Promise<{ readonly cli: RunningCli; readonly runner: number }> {
    const cli = world.cli.start(`run orders -o jsonl ${flags}`, { env })
    await cli.said('"event":"ready"')
    return { cli, runner: (JSON.parse(cli.stdout) as { pid: number }).pid }
  }

  async function membersOf(topic: string): Promise<number> {
    const admin = await world.fleet.admin()
    return (await admin.describeGroup(groupIdOf(`${world.namespace}.${topic}`))).members.length
  }

  test('tells what it did when a runner is killed', async () => {
    const { cli, runner } = await run()
    expect(runner).not.toBe(cli.pid)
    process.kill(runner, 'SIGKILL')
    await vi.waitFor(() => expect(cli.stdout.split('\n').filter(Boolean)).toHaveLength(2), WAIT)
    const said = logged(cli).filter(({ msg }) => String(msg).includes('runner process'))
    expect(said).toMatchObject([
      { level: 40, pid: runner, signal: 'SIGKILL', crashes: 1, delayMs: 250 },
      { level: 30, left: said[0]?.['members'], elapsedMs: expect.any(Number) as unknown },
    ])
    expect(said[0]?.['members']).toBeGreaterThanOrEqual(3)
    cli.signal('SIGINT')
    expect((await cli.finished).code).toBe(0)
    expect(await membersOf('orders.tasks')).toBe(0)
  }, 40_000)

  test('a runner works on when nobody reads its stdout any more', async () => {
    const { cli, runner } = await run()
    cli.closeStdout()
    process.kill(runner, 'SIGKILL')
    // The next one cannot say that it is ready.
    await vi.waitFor(async () => expect(await membersOf('orders.tasks')).toBe(1), WAIT)
    expect(await world.cli.json(`publish orders --data '{"item":"apple"}' --wait 20s`)).toMatchObject({
      output: { line: '1 × apple' },
    })
    cli.signal('SIGTERM')
    const { code, stderr } = await cli.finished
    expect(code).toBe(0)
    expect(stderr).not.toContain('"crashes":2')
  }, 40_000)

  test('--no-supervisor runs agents in the process that was started', async () => {
    const { cli, runner } = await run({}, '--no-supervisor')
    expect(runner).toBe(cli.pid)
    cli.signal('SIGTERM')
    expect((await cli.finished).code).toBe(0)
  })

  test('a runner whose supervisor is killed drains, leaves its groups and ends', async () => {
    const { cli, runner } = await run({ TOWLINE_DRAIN: '1s' })
    await world.cli.run(`publish orders --data '{"item":"slow"}'`)
    await cli.said('"msg":"slow began"')
    cli.signal('SIGKILL')
    await cli.said('the supervisor is gone: draining\n')
    await cli.said('draining: 1 attempt still running')
    await vi.waitFor(() => expect(isAlive(runner)).toBe(false), WAIT)
    expect(await membersOf('orders.tasks')).toBe(0)
  })
})
