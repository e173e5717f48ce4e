import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { AckedLoad } from './acked-load.ts'
import { ready, runMain } from './broker-process.ts'
import { dataFolder } from './data-folder.ts'
import { connectAdmin, kafkaAt, runConsumer } from './kafkajs-client.ts'

const ROUNDS = 5
const ACKS_PER_ROUND = 150

test('killed again and again under load, it loses nothing that it acknowledged', { timeout: 60_000 }, async () => {
  using folder = dataFolder()
  let running = runMain('--port', '0', '--registry-port', '0', '--data-dir', folder.path)
  const { brokers, registry } = await ready(running)
  const [port, registryPort] = [brokers, registry].map((address) => address.split(':').at(-1) ?? '') as [string, string]
  {
    await using admin = await connectAdmin(kafkaAt(brokers))
    await admin.client.createTopics({ topics: [{ topic: 't', numPartitions: 2 }] })
  }
  const load = new AckedLoad(brokers, registry)
  for (let round = 0; round < ROUNDS; round++) {
    const enough = load.acks + ACKS_PER_ROUND
    await vi.waitFor(() => expect(load.acks).toBeGreaterThan(enough), { timeout: 20_000, interval: 1 })
    running.child.kill('SIGKILL')
    expect(await running.exited).toEqual([null, 'SIGKILL'])
    running = runMain('--port', port, '--registry-port', registryPort, '--data-dir', folder.path)
    await ready(running)
  }
  await load.end()

  await using admin = await connectAdmin(kafkaAt(brokers))
  expect(await admin.client.listTopics()).toEqual(expect.arrayContaining(load.topics))
  const offset = (await admin.client.fetchOffsets({ groupId: 'g', topics: ['t'] }))[0]?.partitions[0]
  expect(Number(offset?.offset)).toBeGreaterThanOrEqual(load.committed)
  expect(Number(offset?.offset)).toBeLessThanOrEqual(load.committing)
  expect(offset?.metadata).toBe(`note ${offset?.offset}`)
  for (const [subject, id] of load.schemas) {
    const version = await (await fetch(`${registry}/subjects/${subject}/versions/latest`)).json()
    expect(version).toMatchObject({ id })
  }
  await using consumer = await runConsumer(kafkaAt(brokers), 'reader', ['t'])
  const lost = (): readonly string[] => {
    const read = new Map(consumer.received.map(({ partition, offset: at, value }) => [`${partition}/${at}`, value]))
    return [...load.records].filter(([value, place]) => read.get(place) !== value).map(([, place]) => place)
  }
  await vi.waitFor(() => expect(lost()).toEqual([]), { timeout: 20_000, interval: 100 })
  expect(load.records.size).toBeGreaterThan(ROUNDS * 100)
})

test('a directory in use is refused with the pid of who has it, who goes on', async () => {
  using folder = dataFolder()
  const first = runMain('--port', '0', '--registry-port', '0', '--data-dir', folder.path)
  const { brokers } = await ready(first)
  const second = runMain('--port', '0', '--registry-port', '0', '--data-dir', folder.path)
  expect(await second.exited).toEqual([1, null])
  expect(second.stderr()).toContain(`is in use by process ${first.child.pid}. Stop that process`)
  await using admin = await connectAdmin(kafkaAt(brokers))
  expect(await admin.client.listTopics()).toEqual([])
})

test.runIf(process.platform === 'linux')(
  'a lock left by a killed broker is no obstacle, even if its pid is that of another process now',
  async () => {
    using folder = dataFolder()
    const killed = runMain('--port', '0', '--registry-port', '0', '--data-dir', folder.path)
    await ready(killed)
    killed.child.kill('SIGKILL')
    await killed.exited
    const locks = (): readonly string[] => readdirSync(folder.path).filter((name) => name.endsWith('.lock'))
    expect(locks()).toHaveLength(2)
    const stranger = sleeper()
    for (const lock of locks())
      renameSync(join(folder.path, lock), join(folder.path, lock.replace(`.${killed.child.pid}.`, `.${stranger.pid}.`)))
    const next = runMain('--port', '0', '--registry-port', '0', '--data-dir', folder.path)
    await ready(next)
    expect(locks().every((name) => name.includes(`.${next.child.pid}.`))).toBe(true)
    expect(stranger.exitCode).toBeNull()
  },
)

test.runIf(process.platform === 'linux')('a lock of a process that runs is one, however it was made', async () => {
  using folder = dataFolder()
  const holder = sleeper()
  await once(holder, 'spawn')
  writeFileSync(join(folder.path, `broker.${holder.pid}.${birthOf(holder.pid ?? 0)}.lock`), '')
  const refused = runMain('--port', '0', '--registry-port', '0', '--data-dir', folder.path)
  expect(await refused.exited).toEqual([1, null])
  holder.kill('SIGKILL')
  await once(holder, 'close')
  await ready(runMain('--port', '0', '--registry-port', '0', '--data-dir', folder.path))
})

function sleeper(): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

/** As proc(5) tells it, read apart from the code under test. */
function birthOf(pid: number): string {
  const ticks = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')[19]
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').split('-')[0]}-${ticks}`
}
