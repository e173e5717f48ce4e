import { isTowlineError, partitionFor, TowlineError } from '@towline/contracts'
import { ManualClock } from '@towline/test-brokers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRecordSender, type RecordSender, type RecordSenderOptions } from '../../src/sender/record-sender.ts'
import { SendDropped } from '../../src/sender/send-errors.ts'
import { ScriptedProducer, textRecord, texts } from './scripted-producer.ts'

const topic = 'digest.tasks'

interface Bundle {
  readonly producer: ScriptedProducer
  readonly clock: ManualClock
  readonly sender: RecordSender
}

function bundle(options: Partial<RecordSenderOptions> = {}): Bundle {
  const producer = new ScriptedProducer()
  const clock = new ManualClock()
  return { producer, clock, sender: createRecordSender(producer, { clock, ...options }) }
}

/** Lets everything run that is due without time passing. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('it resolved'),
    (thrown: unknown) => thrown,
  )
  return isTowlineError(error) ? error.code : String(error)
}

test('a record goes to the partition of its key and the receipt says where it stands', async () => {
  const { producer, sender } = bundle()
  const sent = sender.send({ topic }, textRecord('a', 'session-7'))
  ;(await producer.nextSend()).answer()
  const partition = partitionFor(Buffer.from('session-7'), 4)
  expect(await sent).toEqual({ partition, offset: 0 })
  expect(texts(producer.log.get(`${topic}/${partition}`))).toEqual(['a'])
})

test('what is sent in one turn goes out together, what comes meanwhile is the next batch', async () => {
  const { producer, sender } = bundle()
  const first = [1, 2, 3].map((n) => sender.send({ topic, partition: 0 }, textRecord(`a${n}`)))
  const call = await producer.nextSend()
  expect(texts(call.batches[0]?.records)).toEqual(['a1', 'a2', 'a3'])
  const second = [1, 2].map((n) => sender.send({ topic, partition: 0 }, textRecord(`b${n}`)))
  await settle()
  expect(producer.open).toHaveLength(1)
  call.answer()
  const next = await producer.nextSend()
  expect(texts(next.batches[0]?.records)).toEqual(['b1', 'b2'])
  next.answer()
  expect((await Promise.all([...first, ...second])).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4])
})

test('no more than two requests of one leader are unanswered', async () => {
  const { producer, sender } = bundle({ batchRecords: 1 })
  const sends = [0, 1, 2].map((partition) => sender.send({ topic, partition }, textRecord(`p${partition}`)))
  await settle()
  expect(producer.open.map(({ batches }) => batches[0]?.partition)).toEqual([0, 1])
  producer.open[0]?.answer()
  await settle()
  expect(producer.open.map(({ batches }) => batches[0]?.partition)).toEqual([1, 2])
  for (const call of [...producer.open]) call.answer()
  await Promise.all(sends)
})

test('partitions of one leader share a request, those of another have their own', async () => {
  const { producer, sender } = bundle()
  producer.leaders = ({ partition }) => (partition === 3 ? 2 : 1)
  const sends = [0, 1, 3].map((partition) => sender.send({ topic, partition }, textRecord(`p${partition}`)))
  await settle()
  expect(producer.open.map(({ batches }) => batches.map(({ partition }) => partition))).toEqual([[0, 1], [3]])
  for (const call of [...producer.open]) call.answer()
  await Promise.all(sends)
})

test('a request holds no more records than allowed, and no partition keeps its turn for ever', async () => {
  const { producer, sender } = bundle({ batchRecords: 2 })
  const sends = [0, 0, 0, 0, 1].map((partition, n) => sender.send({ topic, partition }, textRecord(`${n}`)))
  const order: string[] = []
  for (let turn = 0; turn < 3; turn += 1) {
    const call = await producer.nextSend()
    order.push(call.batches.map(({ partition, records }) => `${partition}:${texts(records).join()}`).join(' '))
    call.answer()
    await settle()
  }
  expect(order).toEqual(['0:0,1', '1:4', '0:2,3'])
  await Promise.all(sends)
})

test('busy partitions do not starve a quiet one', async () => {
  const { producer, sender } = bundle({ batchRecords: 2 })
  const partitions = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2]
  const sends = partitions.map((partition, n) => sender.send({ topic, partition }, textRecord(`${n}`)))
  const order: (number | undefined)[] = []
  for (let turn = 0; turn < 3; turn += 1) {
    const call = await producer.nextSend()
    order.push(call.batches[0]?.partition)
    call.answer()
    await settle()
  }
  expect(order).toEqual([0, 1, 2])
  while (producer.open.length > 0) {
    producer.open[0]?.answer()
    await settle()
  }
  await Promise.all(sends)
})

test('a failed partition is retried in order after a pause; the other partitions of the request are done', async () => {
  const { producer, clock, sender } = bundle()
  const sends = [0, 0, 1].map((partition, n) => sender.send({ topic, partition }, textRecord(`${n}`)))
  ;(await producer.nextSend()).answer(['failed', 'written'])
  await settle()
  expect(await sends[2]).toEqual({ partition: 1, offset: 0 })
  expect(producer.open).toEqual([])
  expect(producer.refreshed).toEqual([topic])
  sends.push(sender.send({ topic, partition: 0 }, textRecord('later')))
  clock.advance(50)
  const retry = await producer.nextSend()
  expect(texts(retry.batches[0]?.records)).toEqual(['0', '1', 'later'])
  retry.answer()
  await Promise.all(sends)
})

test('the pause between retries doubles up to a second', async () => {
  const { producer, clock, sender } = bundle({ deliveryTimeoutMs: 60_000 })
  const sent = sender.send({ topic, partition: 0 }, textRecord('a'))
  const pauses: number[] = []
  for (let attempt = 0; attempt < 7; attempt += 1) {
    ;(await producer.nextSend()).answer(['failed'])
    await settle()
    let pausedMs = 0
    while (producer.open.length === 0) {
      clock.advance(50)
      pausedMs += 50
      await settle()
    }
    pauses.push(pausedMs)
  }
  expect(pauses).toEqual([50, 100, 200, 400, 800, 1_000, 1_000])
  ;(await producer.nextSend()).answer()
  await sent
})

test('after a success the pause is short again', async () => {
  const { producer, clock, sender } = bundle({ batchRecords: 1 })
  const sends = ['a', 'b'].map((text) => sender.send({ topic, partition: 0 }, textRecord(text)))
  for (const pauseMs of [50, 100]) {
    ;(await producer.nextSend()).answer(['failed'])
    await settle()
    clock.advance(pauseMs)
  }
  ;(await producer.nextSend()).answer()
  await sends[0]
  ;(await producer.nextSend()).answer(['failed'])
  await settle()
  clock.advance(50)
  ;(await producer.nextSend()).answer()
  await sends[1]
})

test('a record that is never acknowledged is given up at the delivery timeout, with the last reason', async () => {
  const { producer, clock, sender } = bundle({ deliveryTimeoutMs: 1_000 })
  const sent = sender.send({ topic, partition: 0 }, textRecord('a')).catch((error: unknown) => error)
  ;(await producer.nextSend()).answer(['failed'])
  await settle()
  producer.leaders = () => null
  for (let waited = 0; waited < 1_000; waited += 50) {
    clock.advance(50)
    await settle()
  }
  const error = await sent
  expect(error).toBeInstanceOf(TowlineError)
  expect(error).toMatchObject({ code: 'TOWLINE_PUBLISH_FAILED', retriable: true, bound: 1_000 })
  expect(String(error)).toContain('has no leader now')
  expect(sender.bufferedBytes).toBe(0)
})

test('beyond the bound on buffered bytes a send is refused at once, and accepted again once there is room', async () => {
  const { producer, sender } = bundle({ maxBufferedBytes: 1_000 })
  const first = sender.send({ topic, partition: 0 }, textRecord('x'.repeat(600)))
  expect(await codeOf(sender.send({ topic, partition: 0 }, textRecord('x'.repeat(600))))).toBe('TOWLINE_PRODUCER_FULL')
  ;(await producer.nextSend()).answer()
  await first
  const second = sender.send({ topic, partition: 0 }, textRecord('x'.repeat(600)))
  ;(await producer.nextSend()).answer()
  expect(await second).toEqual({ partition: 0, offset: 1 })
})

test('a record that could never be buffered is too large, not a full producer', async () => {
  const { sender } = bundle({ maxBufferedBytes: 1_000 })
  expect(await codeOf(sender.send({ topic, partition: 0 }, textRecord('x'.repeat(2_000))))).toBe(
    'TOWLINE_PAYLOAD_TOO_LARGE',
  )
})

test('of a batch the broker calls too large only the record to blame is refused', async () => {
  const { producer, sender } = bundle()
  const tooLarge = new TowlineError('TOWLINE_PAYLOAD_TOO_LARGE', 'too large')
  const sends = ['a', 'b', 'BIG', 'd'].map((text) =>
    sender.send({ topic, partition: 0 }, textRecord(text)).then(
      ({ offset }) => offset,
      (error: TowlineError) => error.code,
    ),
  )
  let answered = 0
  while (answered < 10) {
    await settle()
    const call = producer.open[0]
    if (call === undefined) break
    call.answer([texts(call.batches[0]?.records).includes('BIG') ? tooLarge : 'written'])
    answered += 1
  }
  expect(await Promise.all(sends)).toEqual([0, 1, 'TOWLINE_PAYLOAD_TOO_LARGE', 2])
})

test('what the broker refuses for another reason is refused without a retry', async () => {
  const { producer, sender } = bundle()
  const sends = [0, 1].map((n) => codeOf(sender.send({ topic, partition: 0 }, textRecord(`${n}`))))
  ;(await producer.nextSend()).answer([new Error('not authorised')])
  expect(await Promise.all(sends)).toEqual(['TOWLINE_PUBLISH_FAILED', 'TOWLINE_PUBLISH_FAILED'])
  await settle()
  expect(producer.open).toEqual([])
})

test('a guard is asked before every attempt: it may hold, let go and drop', async () => {
  const { producer, clock, sender } = bundle()
  let answer: 'send' | 'hold' | 'drop' = 'hold'
  let asked = 0
  const sent = sender
    .send({ topic, partition: 0 }, textRecord('a'), () => {
      asked += 1
      return answer
    })
    .catch((error: unknown) => error)
  await settle()
  expect([asked, producer.open.length]).toEqual([1, 0])
  answer = 'send'
  sender.poke()
  ;(await producer.nextSend()).answer(['failed'])
  await settle()
  answer = 'drop'
  clock.advance(50)
  expect(await sent).toBeInstanceOf(SendDropped)
  expect([asked, producer.open.length]).toEqual([3, 0])
})

test('a held record is given up at the delivery timeout like any other', async () => {
  const { clock, sender } = bundle({ deliveryTimeoutMs: 500 })
  const sent = codeOf(sender.send({ topic, partition: 0 }, textRecord('a'), () => 'hold'))
  await settle()
  clock.advance(500)
  expect(await sent).toBe('TOWLINE_PUBLISH_FAILED')
})

test('records sent before the partition count is known keep their order', async () => {
  const { producer, sender } = bundle()
  const counted = Promise.withResolvers<number>()
  let asked = 0
  producer.counts = () => {
    asked += 1
    return counted.promise
  }
  const sends = ['a', 'b', 'c'].map((text) => sender.send({ topic }, textRecord(text, 'one key')))
  await settle()
  counted.resolve(4)
  const call = await producer.nextSend()
  expect(texts(call.batches[0]?.records)).toEqual(['a', 'b', 'c'])
  expect(asked).toBe(1)
  call.answer()
  await Promise.all(sends)
})

test('a missing topic rejects every send that waited for it, and is asked for again by the next', async () => {
  const { producer, sender } = bundle()
  let asked = 0
  producer.counts = () => {
    asked += 1
    return Promise.reject(new TowlineError('TOWLINE_TOPIC_MISSING', 'no such topic'))
  }
  const codes = await Promise.all([1, 2].map((n) => codeOf(sender.send({ topic }, textRecord(`${n}`)))))
  expect(codes).toEqual(['TOWLINE_TOPIC_MISSING', 'TOWLINE_TOPIC_MISSING'])
  expect(await codeOf(sender.send({ topic }, textRecord('3')))).toBe('TOWLINE_TOPIC_MISSING')
  expect([asked, sender.bufferedBytes]).toEqual([2, 0])
})

test('a record needs a key or a partition, and a partition that exists', async () => {
  const { sender } = bundle()
  expect(await codeOf(sender.send({ topic }, textRecord('a', null)))).toBe('TOWLINE_OPTION_INVALID')
  expect(await codeOf(sender.send({ topic, partition: 4 }, textRecord('a')))).toBe('TOWLINE_OPTION_INVALID')
})

test('flush waits for what was sent before it and not for what comes after', async () => {
  const { producer, sender } = bundle()
  const before = sender.send({ topic, partition: 0 }, textRecord('before'))
  const call = await producer.nextSend()
  const after = sender.send({ topic, partition: 1 }, textRecord('after'))
  let isFlushed = false
  const flushed = sender.flush().then(() => {
    isFlushed = true
  })
  void sender.send({ topic, partition: 2 }, textRecord('much later'))
  await settle()
  expect(isFlushed).toBe(false)
  call.answer()
  const rest = await producer.nextSend()
  expect(rest.batches.map(({ partition }) => partition)).toEqual([1, 2])
  rest.answer()
  await Promise.all([before, after, flushed])
  expect(isFlushed).toBe(true)
})

test('flush of an idle sender resolves at once', async () => {
  const { sender } = bundle()
  await sender.flush()
  await sender.flush()
  expect(sender.bufferedBytes).toBe(0)
})

test('close lets earlier sends settle and refuses later ones', async () => {
  const { producer, sender } = bundle()
  const sent = sender.send({ topic, partition: 0 }, textRecord('a'))
  const closed = sender.close()
  expect(await codeOf(sender.send({ topic, partition: 0 }, textRecord('b')))).toBe('TOWLINE_PRODUCER_CLOSED')
  ;(await producer.nextSend()).answer()
  await closed
  expect(await sent).toEqual({ partition: 0, offset: 0 })
})

test('whatever fails, each partition gets every record once and in order', async () => {
  const sends = fc.array(fc.record({ partition: fc.nat({ max: 2 }), bytes: fc.integer({ min: 1, max: 400 }) }), {
    maxLength: 40,
  })
  const failures = fc.infiniteStream(fc.constantFrom<'written' | 'failed'>('written', 'failed', 'written'))
  await fc.assert(
    fc.asyncProperty(sends, failures, async (plan, answers) => {
      const { producer, clock, sender } = bundle({ batchRecords: 5, batchBytes: 2_000, deliveryTimeoutMs: 1e9 })
      producer.leaders = ({ partition }) => partition % 2
      const all = plan.map(({ partition, bytes }, n) =>
        sender.send({ topic, partition }, textRecord(`${n}:${'x'.repeat(bytes)}`)),
      )
      let isDone = false
      void Promise.all(all).then(() => {
        isDone = true
      })
      while (!isDone) {
        await settle()
        for (const call of [...producer.open]) call.answer(call.batches.map(() => answers.next().value))
        clock.advance(1_000)
      }
      for (const partition of [0, 1, 2]) {
        const written = texts(producer.log.get(`${topic}/${partition}`)).map((text) => Number(text.split(':')[0]))
        const wanted = plan.flatMap((send, n) => (send.partition === partition ? [n] : []))
        expect(written).toEqual(wanted)
      }
    }),
    { numRuns: 50 },
  )
})

test('a send made at the very moment the partition count arrives does not overtake those that waited for it', async () => {
  const { producer, sender } = bundle()
  const counted = Promise.withResolvers<number>()
  producer.counts = () => counted.promise
  const sends = ['a', 'b'].map((text) => sender.send({ topic }, textRecord(text, 'one key')))
  const latecomer = (async () => {
    await counted.promise
    for (let tick = 0; tick < 8; tick += 1) {
      sends.push(sender.send({ topic }, textRecord(`c${tick}`, 'one key')))
      await Promise.resolve()
    }
  })()
  counted.resolve(4)
  await latecomer
  const call = await producer.nextSend()
  expect(texts(call.batches[0]?.records)).toEqual(['a', 'b', 'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'])
  call.answer()
  await Promise.all(sends)
})

test('the partition count is asked for again after five minutes, and serves meanwhile', async () => {
  const { producer, clock, sender } = bundle()
  const send = async (): Promise<number> => {
    const sent = sender.send({ topic }, textRecord('a', 'session-7'))
    ;(await producer.nextSend()).answer()
    return (await sent).partition
  }
  expect(await send()).toBe(partitionFor(Buffer.from('session-7'), 4))
  producer.counts = () => Promise.resolve(1_000)
  clock.advance(300_001)
  expect(await send()).toBe(partitionFor(Buffer.from('session-7'), 4))
  await settle()
  expect(producer.refreshed).toEqual([topic])
  expect(await send()).toBe(partitionFor(Buffer.from('session-7'), 1_000))
})
