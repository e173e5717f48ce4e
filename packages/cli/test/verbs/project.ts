import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { avroCodec, HEADER, type Logger, newTaskId, topicNames } from '@towline/contracts'
import { createFleet, type Fleet, loadConfigFile, resolveConfig } from '@towline/fleet'
import { systemClock } from '@towline/kafka'
import { type RunningBroker, uniqueNamespace } from '@towline/test-brokers'
import { createCli } from '../../src/cli.ts'
import { createProgram } from '../../src/program.ts'
import { COMPILE_CACHE, type Finished, MAIN, RunningCli, splitArguments } from '../cli-process.ts'
import { fakeIo } from '../fake-io.ts'

const SOURCE = fileURLToPath(new URL('./project', import.meta.url))
const NODE_MODULES = fileURLToPath(new URL('../../../../node_modules', import.meta.url))
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

/** The id that help texts show. Its time is before that of any record, so that a look-up by it finds the task. */
export const EXAMPLE_ID = '019a7b2c-8d5e-7c31-9f0a-2b4c6d8e0f12'
/** A day that help texts show; the first record of every partition is of it on the dev broker. */
const EXAMPLE_MOMENT = Date.parse('2026-05-01T10:00:00Z')
const PARTITIONS = 4
const RECORDS_PER_PARTITION = 24
const DEAD_LETTERS = 96
/** Far from UTC, and with summer time. */
export const TIME_ZONE = 'America/New_York'

export interface CallOptions {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A user's folder with a configuration, schemas and tasks, on a broker that has seen it at work. */
export class Project {
  readonly folder: string
  readonly fleet: Fleet
  readonly broker: RunningBroker
  readonly env: Readonly<Record<string, string>>
  /** Ids of dead letters, each taken by one call. */
  readonly #victims: string[] = []
  readonly #running: (() => Promise<void>)[] = []

  private constructor(folder: string, fleet: Fleet, broker: RunningBroker, namespace: string) {
    this.folder = folder
    this.fleet = fleet
    this.broker = broker
    this.env = {
      TOWLINE_BROKERS: broker.brokers.join(','),
      TOWLINE_REGISTRY: broker.registry,
      TOWLINE_NAMESPACE: namespace,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      TZ: TIME_ZONE,
    }
  }

  static async on(broker: RunningBroker): Promise<Project> {
    const folder = await mkdtemp(join(tmpdir(), 'towline-project-'))
    await cp(SOURCE, folder, { recursive: true })
    await symlink(NODE_MODULES, join(folder, 'node_modules'))
    const namespace = uniqueNamespace()
    const fleet = await fleetOf(broker, namespace)
    const project = new Project(folder, fleet, broker, namespace)
    await project.#putPrograms()
    await project.#work()
    return project
  }

  get namespace(): string {
    return this.env['TOWLINE_NAMESPACE'] ?? ''
  }

  /** The id of an open dead letter that no other call gets. */
  victim(): string {
    const id = this.#victims.pop()
    if (id === undefined) throw new Error('no dead letter is left: raise DEAD_LETTERS')
    return id
  }

  /** The id of a replay that is stored and was not started. */
  async plannedReplay(): Promise<string> {
    const replays = await this.fleet.replays('digest')
    const { plan } = await replays.plan({ max: 2, by: 'ana', reason: 'a test' })
    await replays.save(plan)
    return plan.replayId
  }

  /** The id of a replay that was stopped on its way. */
  async stoppedReplay(): Promise<string> {
    const replays = await this.fleet.replays('digest')
    const { plan } = await replays.plan({ max: 12, ratePerSecond: 12, by: 'ana' })
    const stop = new AbortController()
    const onProgress = ({ records }: { readonly records: number }): void => {
      if (records > 0) stop.abort()
    }
    const { end } = await replays.run(plan, { signal: stop.signal, onProgress })
    if (end !== 'stopped') throw new Error(`the replay was to stop on its way, and ${end}`)
    return plan.replayId
  }

  start(args: string, options: CallOptions = {}): RunningCli {
    const { stdin = '', env = {} } = options
    return new RunningCli(splitArguments(args), { stdin, cwd: this.folder, env: { ...this.env, ...env } })
  }

  async run(args: string, options: CallOptions = {}): Promise<Finished> {
    return await this.start(args, options).finished
  }

  /** The same without a process of its own, in the time zone of the test's process. */
  async call(args: string, { stdin = '', env = {} }: CallOptions = {}): Promise<Finished> {
    const startedAtMs = performance.now()
    const io = { ...fakeIo({ stdin, env: { ...this.env, ...env }, cwd: this.folder }), clock: systemClock }
    const cli = createCli(io)
    const code = await cli.run(createProgram(cli), splitArguments(args))
    return { code, ...io.written, elapsedMs: performance.now() - startedAtMs }
  }

  /** What a call left running ends before the project does. */
  endWith(stop: () => Promise<void>): void {
    this.#running.push(stop)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((stop) => stop()))
    await this.fleet.close()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** What help texts call: `towline`, and a program whose output it reads. */
  async #putPrograms(): Promise<void> {
    const bin = join(this.folder, 'bin')
    await mkdir(bin)
    const programs = {
      towline: `exec '${process.execPath}' --conditions=@towline/source '${MAIN}' "$@"`,
      'generate-tasks': `printf '{"path":"c.md"}\\n{"path":"d.md"}\\n'`,
    }
    for (const [name, line] of Object.entries(programs)) {
      await writeFile(join(bin, name), `#!/bin/sh\n${line}\n`)
      await chmod(join(bin, name), 0o755)
    }
  }

  /** Tasks that succeeded and some that died, on every partition. */
  async #work(): Promise<void> {
    await this.fleet.topics.apply()
    await this.fleet.registerSchemas()
    const { input } = this.fleet.agentType('digest')
    const topic = topicNames('digest', this.namespace).tasks
    const schemaId = await this.fleet.schemas.register(`${topic}-value`, input.text)
    const codec = avroCodec(input, this.fleet.schemas)
    const sender = await this.fleet.sender()
    const send = async (partition: number, taskId: string, path: string, timestampMs: number): Promise<void> => {
      const value = codec.encode({ path, id: null }, schemaId)
      const headers = { [HEADER.ceId]: taskId }
      await sender.send({ topic, partition }, { key: Buffer.from(taskId), value, headers, timestampMs })
    }
    const ids = Array.from({ length: DEAD_LETTERS }, () => newTaskId())
    this.#victims.push(...ids)
    // Kafka looks every five minutes for what is older than its retention: it would be gone under a test.
    const firstAtMs = this.broker.kind === 'kafka' ? Date.now() : EXAMPLE_MOMENT
    await send(0, EXAMPLE_ID, 'gone/example.md', firstAtMs)
    for (let partition = 1; partition < PARTITIONS; partition += 1) {
      await send(partition, newTaskId(firstAtMs), 'first.md', firstAtMs)
    }
    const sends = ids.map((id, at) => send(at % PARTITIONS, id, `gone/${at}.md`, Date.now()))
    for (let at = 0; at < PARTITIONS * RECORDS_PER_PARTITION; at += 1) {
      sends.push(send(at % PARTITIONS, newTaskId(), `${at}.md`, Date.now()))
    }
    await Promise.all(sends)
    await this.#untilEnded(sends.length + PARTITIONS)
  }

  async #untilEnded(tasks: number): Promise<void> {
    const runner = await this.fleet.runner()
    const allEnded = Promise.withResolvers<void>()
    let ended = 0
    runner.events.on('task:ended', () => {
      ended += 1
      if (ended === tasks) allEnded.resolve()
    })
    await runner.start()
    await allEnded.promise
    await runner.drain()
  }
}

/** A fleet of the project's configuration in a namespace of its own. */
export async function fleetOf(broker: RunningBroker, namespace: string): Promise<Fleet> {
  const config = await loadConfigFile(join(SOURCE, 'towline.config.ts'))
  const overrides = { brokers: broker.brokers.join(','), 'registry.url': broker.registry, namespace }
  return await createFleet(resolveConfig(config, overrides), { clock: systemClock, log: silent })
}
