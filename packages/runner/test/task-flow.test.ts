import type { Decoded } from '@towline/contracts'
import { expect, test } from 'vitest'
import { AttemptTimeouts } from '../src/attempt-timeouts.ts'
import type { Disposition } from '../src/outcome-router.ts'
import { TaskFlow, type TaskFlowContext } from '../src/task-flow.ts'
import { type PassOwner, TaskPass } from '../src/task-pass.ts'
import { PartitionBench, taskRecord } from './partition-bench.ts'

test.each([
  ['its partition was lost', (bench: PartitionBench) => bench.partition.lose()],
  [
    'the proof of membership is too old',
    (bench: PartitionBench) => {
      bench.isTrusted = false
    },
  ],
])('a task starts nothing where %s while its schema was read', async (_, happen) => {
  const bench = new PartitionBench()
  const reading = Promise.withResolvers<Decoded<unknown>>()
  let runs = 0
  const flow = new TaskFlow({
    agent: 'digest',
    clock: bench.clock,
    timeouts: new AttemptTimeouts(1_000, bench.clock),
    inputCodec: { decodeCached: () => undefined, decode: () => reading.promise },
    policy: { whenTierIsOver: () => ({ kind: 'run' }) },
    host: {
      run: async () => {
        runs += 1
        return { kind: 'returned', output: null }
      },
    },
    onStarted: () => {},
  } as unknown as TaskFlowContext)
  bench.deliver(taskRecord(0))
  const slot = bench.partition.take()
  if (slot === undefined) throw new Error('nothing to run')
  const { promise: routed, resolve: onRouted } = Promise.withResolvers<Disposition>()
  const owner = { onRouted: (_pass: TaskPass, disposition: Disposition) => onRouted(disposition), onOver: () => {} }
  flow.run(new TaskPass(bench.partition, slot, false, owner as unknown as PassOwner))
  happen(bench)
  reading.resolve({ kind: 'decoded', value: {} } as Decoded<unknown>)
  expect(await routed).toEqual({ kind: 'parked', delayMs: 0 })
  expect(runs).toBe(0)
})
