import { TowlineError } from '@towline/contracts'
import { settle } from '@towline/kafka/memory'
import { expect, test, vi } from 'vitest'
import { AgentScheduler } from '../src/agent-scheduler.ts'
import { TaskEnd } from '../src/end-writer.ts'
import type { Disposition } from '../src/outcome-router.ts'
import type { TaskPass } from '../src/task-pass.ts'
import { PartitionBench, taskRecord } from './partition-bench.ts'

const finished: Disposition = {
  kind: 'finished',
  end: new TaskEnd({ end: 'succeeded', attempts: 1 }, 0, { startedAtMs: 0, traceparent: undefined }),
}
const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

function benchOf(run: (pass: TaskPass) => Promise<Disposition>) {
  const bench = new PartitionBench()
  const registry: boolean[] = []
  const stuck: number[] = []
  const started: number[] = []
  const errors: string[] = []
  const scheduler = new AgentScheduler({
    admission: bench.admission,
    flow: {
      run: (pass: TaskPass) => {
        started.push(pass.slot.record.offset)
        run(pass).then(
          (disposition) => pass.routed(disposition),
          (error: unknown) => pass.failed(error),
        )
      },
    },
    clock: bench.clock,
    log: { ...silent, error: (_fields, message) => errors.push(message) },
    onFinished: () => {},
    onRegistry: (isOut) => registry.push(isOut),
    onStuck: (held) => stuck.push(held),
  })
  bench.onReady = () => scheduler.ready(bench.partition)
  const deliver = (count: number, from = 0) => {
    bench.deliver(...Array.from({ length: count }, (_, at) => taskRecord(from + at)))
  }
  return { bench, scheduler, registry, stuck, started, errors, deliver }
}

test('never starts a task inside the call that delivered it', async () => {
  const { deliver, started } = benchOf(async () => finished)
  deliver(1)
  expect(started).toEqual([])
  await settle()
  expect(started).toEqual([0])
})

test('runs no more at once than there are permits, and the rest as permits come back', async () => {
  const releases: (() => void)[] = []
  const { deliver, started, bench } = benchOf(async () => {
    await new Promise<void>((resolve) => releases.push(resolve))
    return finished
  })
  deliver(15)
  await settle()
  expect(started).toHaveLength(10)
  expect(bench.admission.running).toBe(10)
  releases.shift()?.()
  await settle()
  expect(started).toHaveLength(11)
})

test('partitions take turns, also where permits come back one by one', async () => {
  const releases: (() => void)[] = []
  const { deliver, started, scheduler } = benchOf(async () => {
    await new Promise<void>((resolve) => releases.push(resolve))
    return finished
  })
  const other = new PartitionBench()
  other.onReady = () => scheduler.ready(other.partition)
  deliver(30)
  other.deliver(...Array.from({ length: 30 }, (_, at) => taskRecord(100 + at)))
  await settle()
  for (let release = 0; release < 20; release += 1) {
    releases.shift()?.()
    await settle()
  }
  expect(started).toHaveLength(30)
  expect(started.filter((offset) => offset >= 100)).toHaveLength(15)
})

test('a permit comes back when the handler has settled, before its outcome is acknowledged', async () => {
  const { deliver, started } = benchOf(async (pass) => {
    pass.begins()
    pass.settled()
    return await new Promise<Disposition>(() => {})
  })
  deliver(25)
  await settle()
  expect(started).toHaveLength(25)
})

test('S4: handlers that take no time do not keep the event loop from its turn', async () => {
  const { deliver, started } = benchOf(async (pass) => {
    pass.begins()
    pass.settled()
    return finished
  })
  deliver(2_000)
  const startedAtTurn = await new Promise<number>((resolve) => setImmediate(() => resolve(started.length)))
  expect(startedAtTurn).toBeGreaterThan(0)
  expect(startedAtTurn).toBeLessThan(2_000)
  await vi.waitFor(() => expect(started).toHaveLength(2_000))
})

test('starts nothing while the proof of membership is too old, and goes on when one arrives', async () => {
  const { deliver, started, bench, scheduler } = benchOf(async () => finished)
  bench.isTrusted = false
  deliver(3)
  await settle()
  expect(started).toEqual([])
  bench.isTrusted = true
  scheduler.wake()
  await settle()
  expect(started).toHaveLength(3)
})

test('a registry out of reach stops the agent, spends nothing, is probed with one task and told once', async () => {
  let isOut = true
  const { deliver, started, bench, registry } = benchOf(async () => {
    if (isOut) throw new TowlineError('TOWLINE_REGISTRY_UNAVAILABLE', 'no answer')
    return finished
  })
  deliver(5)
  await settle()
  const atOnce = started.length
  expect(registry).toEqual([true])
  await bench.clock.advance(500)
  await bench.clock.advance(1_000)
  expect(started).toHaveLength(atOnce + 2)
  isOut = false
  await bench.clock.advance(2_000)
  await settle()
  expect(registry).toEqual([true, false])
  expect(bench.partition.base).toBe(5)
  expect(bench.partition.unfinishedCount).toBe(0)
})

test('an outage of the registry does not outlive the tasks that met it: with nothing left to ask, intake goes on', async () => {
  const unreachable = async (): Promise<Disposition> => {
    throw new TowlineError('TOWLINE_REGISTRY_UNAVAILABLE', 'no answer')
  }
  const lostInTheOutage = benchOf(unreachable)
  lostInTheOutage.deliver(5)
  await settle()
  lostInTheOutage.bench.partition.lose()
  expect(lostInTheOutage.registry).toEqual([true])
  await lostInTheOutage.bench.clock.advance(500)
  expect(lostInTheOutage.registry).toEqual([true, false])

  const lostBeforeTheProbe = benchOf(unreachable)
  lostBeforeTheProbe.deliver(5)
  await settle()
  lostBeforeTheProbe.bench.isTrusted = false
  await lostBeforeTheProbe.bench.clock.advance(500)
  expect(lostBeforeTheProbe.registry).toEqual([true])
  lostBeforeTheProbe.bench.partition.lose()
  lostBeforeTheProbe.scheduler.partitionsLost()
  expect(lostBeforeTheProbe.registry).toEqual([true, false])
})

test('a task that could not be run for another reason waits and is tried again; its neighbours go on', async () => {
  let failures = 0
  const { deliver, bench } = benchOf(async ({ slot }) => {
    if (slot.record.offset === 0 && failures === 0) {
      failures += 1
      throw new Error('a defect')
    }
    return finished
  })
  deliver(3)
  await settle()
  expect(bench.partition.unfinishedCount).toBe(1)
  await bench.clock.advance(5_000)
  await settle()
  expect(bench.partition.unfinishedCount).toBe(0)
})

test('handlers that ignore their signal keep permit and lane, and are told when they hold too many', async () => {
  const running: TaskPass[] = []
  const { deliver, bench, stuck } = benchOf(async (pass) => {
    pass.begins()
    running.push(pass)
    return finished
  })
  deliver(2)
  await settle()
  for (const pass of running) pass.overdue()
  expect(stuck).toEqual([2])
  expect(bench.admission.running).toBe(2)
  expect(bench.partition.base).toBe(2)
  for (const pass of running) pass.settled()
  expect(bench.admission.running).toBe(0)
})

test('handlers of lost partitions that ignore their signal count too, until they settle or fail', async () => {
  const running: TaskPass[] = []
  const { deliver, bench, stuck } = benchOf(async (pass) => {
    pass.begins()
    running.push(pass)
    if (pass.slot.record.offset === 0) throw new Error('a defect')
    return { kind: 'left' }
  })
  deliver(3)
  await settle()
  bench.partition.lose()
  running[0]?.overdue()
  running[0]?.settled()
  running[1]?.overdue()
  expect(stuck).toEqual([])
  running[2]?.overdue()
  expect(stuck).toEqual([2])
})

test('a defect where a task leaves its lane is logged; permit and lane come back', async () => {
  const { bench, scheduler, started, errors } = benchOf(async () => finished)
  bench.deliver(taskRecord(0, { key: 'k' }), taskRecord(1, { key: 'k' }))
  bench.onReady = () => {
    throw new Error('a defect')
  }
  await settle()
  expect(errors).toEqual(['a defect where a task left its lane'])
  expect([started, bench.admission.running]).toEqual([[0], 0])
  await scheduler.idle()
  bench.onReady = () => {}
  scheduler.ready(bench.partition)
  await settle()
  expect(started).toEqual([0, 1])
})

test('is idle only when nothing is out, and starts nothing more once it drains', async () => {
  const { promise, resolve } = Promise.withResolvers<Disposition>()
  const { deliver, started, scheduler } = benchOf(() => promise)
  deliver(1)
  await settle()
  scheduler.beginDrain()
  deliver(1, 1)
  let isIdle = false
  void scheduler.idle().then(() => {
    isIdle = true
  })
  await settle()
  expect([isIdle, started.length]).toEqual([false, 1])
  resolve(finished)
  await settle()
  expect([isIdle, started.length]).toEqual([true, 1])
})
