import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest'
import { EXAMPLE_ID, Project } from './project.ts'
import { allVerbs, examplesIn } from './verbs-of.ts'

/** What they say when they may be told to stop. */
const UNTIL_TOLD: Readonly<Record<string, string>> = { run: 'ready', 'dev-broker': 'registry' }
/** Refused while the agent has runners. */
const NEEDS_NO_RUNNERS = ['offsets restore']

/** `towline demo` works through a thousand tasks. */
const LIMIT = { timeout: 120_000 }

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

describe('every example of --help works as it stands', () => {
  let broker: RunningBroker
  let project: Project

  beforeAll(async () => {
    const [devBroker] = testBrokers({})
    if (devBroker === undefined) throw new Error('there is always a dev broker')
    broker = await devBroker.start()
    project = await Project.on(broker)
  })

  afterAll(async () => {
    await project.stop()
    await broker.stop()
  })

  /** Types a line into a shell of the project. */
  async function type(line: string, until: string | undefined): Promise<Ended> {
    const path = `${join(project.folder, 'bin')}:${process.env['PATH'] ?? ''}`
    // The shell becomes the program, so that a signal reaches it; a pipe has to end by itself.
    const script = line.includes(' | ') ? line : `exec ${line}`
    const child = spawn('sh', ['-c', script], {
      cwd: project.folder,
      env: { ...project.env, PATH: path, HOME: project.folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk: Buffer) => {
      ended.stdout += chunk.toString('utf8')
      if (until !== undefined && ended.stdout.includes(until)) child.kill('SIGTERM')
    })
    child.stderr.on('data', (chunk: Buffer) => {
      ended.stderr += chunk.toString('utf8')
    })
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, ...ended }
  }

  /** Hosts of an example, and replays, whose ids nobody chooses. */
  async function withRealNames(verb: string, line: string): Promise<string> {
    const named = line
      .replace('kafka-1:9092', broker.brokers.join(','))
      .replace('http://registry:8081', broker.registry)
      .replace('localhost:9092', broker.brokers.join(','))
      .replace('http://localhost:8081', broker.registry)
    if (!verb.startsWith('replay ') || !named.includes(EXAMPLE_ID)) return named
    return named.replace(EXAMPLE_ID, await project.stoppedReplay())
  }

  const examples = allVerbs().flatMap(({ name, command }) => {
    const help: string[] = []
    command.configureOutput({ writeOut: (text) => void help.push(text) }).outputHelp()
    return examplesIn(help.join('')).map((line) => ({ verb: name, line }))
  })

  const others = examples.filter(({ verb }) => !NEEDS_NO_RUNNERS.includes(verb))

  test('there is one for every verb', () => {
    const verbs = allVerbs().map(({ name }) => name)
    expect([...new Set(examples.map(({ verb }) => verb))].sort()).toEqual(verbs.toSorted())
  })

  async function works({ verb, line }: (typeof examples)[number], { skip }: TestContext): Promise<void> {
    const { code, stderr } = await type(await withRealNames(verb, line), UNTIL_TOLD[verb])
    // Its ports are those of every dev broker.
    if (stderr.includes('TOWLINE_DEV_BROKER_PORT_TAKEN')) skip(`somebody else has its ports: ${stderr}`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('error: ') })
  }

  describe('without a runner', () => {
    test.for(examples.filter(({ verb }) => NEEDS_NO_RUNNERS.includes(verb)))('$line', works)
  })

  describe('with a runner', () => {
    beforeAll(async () => {
      const runner = await project.fleet.runner()
      await runner.start()
      return () => runner.drain()
    })

    test.for(others.filter(({ verb }) => verb !== 'demo'))('$line', works)
    // Each starts six processes, and mostly waits.
    test.concurrent.for(others.filter(({ verb }) => verb === 'demo'))('$line', LIMIT, works)
  })
})
