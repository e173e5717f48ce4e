import type { PartitionBatch, ProducerPort, SendResult } from '../../src/ports/producer-port.ts'
import { type OutgoingRecord, type PartitionId, partitionId, type TopicPartition } from '../../src/ports/record.ts'

export interface SendCall {
  readonly batches: readonly PartitionBatch[]
  /** Answers the send; by default every batch is written. */
  answer(results?: readonly ('written' | 'failed' | Error)[]): void
}

/** A producer port that keeps what is written in memory and answers when, and as, the test says. */
export class ScriptedProducer implements ProducerPort {
  readonly log = new Map<PartitionId, OutgoingRecord[]>()
  /** Sends not answered yet, the oldest first. */
  readonly open: SendCall[] = []
  readonly refreshed: string[] = []
  leaders: (tp: TopicPartition) => number | null = () => 1
  counts: (topic: string) => Promise<number> = () => Promise.resolve(4)
  #waiting: (() => void)[] = []

  partitionCount(topic: string): Promise<number> {
    return this.counts(topic)
  }

  leaderOf(tp: TopicPartition): number | null {
    return this.leaders(tp)
  }

  send(batches: readonly PartitionBatch[]): Promise<readonly SendResult[]> {
    const { promise, resolve } = Promise.withResolvers<readonly SendResult[]>()
    const call: SendCall = {
      batches,
      answer: (results = []) => {
        this.open.splice(this.open.indexOf(call), 1)
        resolve(batches.map((batch, index) => this.#result(batch, results[index] ?? 'written')))
      },
    }
    this.open.push(call)
    for (const wake of this.#waiting.splice(0)) wake()
    return promise
  }

  refresh(topic: string): Promise<void> {
    this.refreshed.push(topic)
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** The oldest send that waits for an answer, as soon as there is one. */
  async nextSend(): Promise<SendCall> {
    while (this.open[0] === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.open[0]
  }

  #result(batch: PartitionBatch, answer: 'written' | 'failed' | Error): SendResult {
    if (answer === 'failed') return { kind: 'failed', error: new Error('scripted failure') }
    if (answer !== 'written') return { kind: 'refused', error: answer }
    const id = partitionId(batch)
    const log = this.log.get(id) ?? []
    this.log.set(id, log)
    const baseOffset = log.length
    log.push(...batch.records)
    return { kind: 'written', baseOffset }
  }
}

export function textRecord(text: string, key: string | null = 'k'): OutgoingRecord {
  return { key: key === null ? null : Buffer.from(key), value: Buffer.from(text), headers: {} }
}

export function texts(records: readonly OutgoingRecord[] | undefined): readonly string[] {
  return (records ?? []).map((record) => record.value?.toString() ?? '')
}
