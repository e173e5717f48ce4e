import { type RunningBroker, testBrokers, uniqueNamespace } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CliWorld, RunningCli } from './cli-process.ts'
import { World } from './world.ts'

describe.each(testBrokers())('towline run on $name', ({ start }) => {
  let broker: RunningBroker
  let world: World

  beforeAll(async () => {
    broker = await start()
    world = await (await World.on(broker)).prepare()
  })

  afterAll(async () => {
    await world.stop()
    await broker.stop()
  })

  test('says when it is ready, runs tasks, and drains at SIGTERM', async () => {
    const runner = world.cli.start('run orders')
    await runner.said('ready: orders')
    expect(await world.cli.json(`publish orders --data '{"item":"apple"}' --wait 20s`)).toMatchObject({
      output: { line: '1 × apple' },
    })
    runner.signal('SIGTERM')
    const { code, stdout, stderr } = await runner.finished
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ready: orders \(.+\)\n$/)
    expect(stderr).toContain('draining: 0 attempts still running')
    // Log lines are JSON on stderr, beside the sentences for people.
    expect(
      stderr
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as object),
    ).not.toEqual([])
  })

  test('lets what runs finish; a second signal ends it at once', async () => {
    const runner = world.cli.start('run orders -o jsonl')
    await runner.said('"event":"ready"')
    const published = await world.cli.run(`publish orders --data '{"item":"slow"}'`)
    const taskId = published.stdout.trim()
    await runner.said('"msg":"slow began"')
    runner.signal('SIGTERM')
    await runner.said('draining: 1 attempt still running')
    runner.signal('SIGTERM')
    expect((await runner.finished).code).toBe(130)
    // Nothing is lost: the task has no end, and the next runner takes it over.
    expect((await world.fleet.task('orders', taskId)).state).toMatch(/^(queued|running)$/)
  })
})

describe('towline dev-broker', () => {
  test('serves a broker and a registry, says it is for development, and stops at Ctrl-C', async () => {
    const running = new RunningCli(['dev-broker', '--port', '0', '--registry-port', '0', '-o', 'jsonl'], {})
    await running.said('\n')
    const { brokers, registry } = JSON.parse(running.stdout) as { brokers: string; registry: string }
    const other = new RunningCli(['topics', 'apply', '--brokers', brokers, '--registry', registry], {})
    expect(await other.finished).toMatchObject({ code: 0 })
    running.signal('SIGINT')
    const { code, stderr } = await running.finished
    expect(code).toBe(0)
    expect(stderr).toContain('For development only')
  })
})

describe('towline schemas', () => {
  let broker: RunningBroker

  beforeAll(async () => {
    const [first] = testBrokers({})
    if (first === undefined) throw new Error('there is always a dev broker')
    broker = await first.start()
  })
  afterAll(() => broker.stop())

  test('push registers under the subjects of the configured agents, what Towline brings along too', async () => {
    const cli = new CliWorld(broker, uniqueNamespace())
    const push = 'schemas push schemas'
    const { schemas } = await cli.json<{ schemas: { subject: string; id: number }[] }>(push)
    expect(schemas.map(({ subject }) => subject.split('.').slice(1).join('.')).sort()).toEqual([
      'orders.events-value',
      'orders.results-output',
      'orders.results-value',
      'orders.tasks-value',
    ])
    expect((await cli.json<{ schemas: object[] }>(push)).schemas).toEqual(schemas)
    expect(await cli.call('topics apply')).toMatchObject({ code: 0 })
    expect(await cli.call(`publish orders --data '{"item":"apple"}'`)).toMatchObject({ code: 0 })
  })
})
