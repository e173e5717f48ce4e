import { decodeGroupMarker, encodeGroupMarker, type GroupMarker, groupMarkerKey, groupsTopic } from '@towline/contracts'
import type { AdminPort } from '../ports/admin-port.ts'
import type { ReaderPort } from '../ports/reader-port.ts'
import type { TopicPartition } from '../ports/record.ts'
import type { RecordSender } from '../sender/record-sender.ts'

export interface GroupMarkerPorts {
  readonly admin: Pick<AdminPort, 'offsets'>
  readonly reader: Pick<ReaderPort, 'read'>
  readonly sender: Pick<RecordSender, 'send'>
}

const PARTITION = 0

/** The markers of `towline.groups`: which partitions a group ever finished tasks of. */
export class GroupMarkers {
  readonly #ports: GroupMarkerPorts
  readonly #topic: string
  readonly #known = new Map<string, GroupMarker>()
  #next = 0
  #reading: Promise<void> = Promise.resolve()

  constructor(ports: GroupMarkerPorts, namespace: string | undefined) {
    this.#ports = ports
    this.#topic = groupsTopic(namespace)
  }

  /**
   * Reads what was written since the last call; calls made meanwhile wait for their turn.
   *
   * @throws TowlineError TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE
   */
  async refresh(): Promise<void> {
    const reading = this.#reading.then(() => this.#readOn())
    this.#reading = reading.catch(() => undefined)
    await reading
  }

  /** The marker of a partition as of the last {@link refresh} or {@link write}. */
  get(groupId: string, tp: TopicPartition): GroupMarker | null {
    return this.#known.get(groupMarkerKey(groupId, tp)) ?? null
  }

  /** Resolves when it is acknowledged. @throws TowlineError as {@link RecordSender.send} */
  async write(groupId: string, tp: TopicPartition, marker: GroupMarker): Promise<void> {
    const key = groupMarkerKey(groupId, tp)
    const record = { key: Buffer.from(key), value: encodeGroupMarker(marker), headers: {} }
    await this.#ports.sender.send({ topic: this.#topic, partition: PARTITION }, record)
    this.#known.set(key, marker)
  }

  async #readOn(): Promise<void> {
    const [bounds] = await this.#ports.admin.offsets(this.#topic)
    if (bounds === undefined) return
    const tp = { topic: this.#topic, partition: PARTITION }
    if (bounds.high < this.#next) this.#startOver()
    const from = Math.max(this.#next, bounds.low)
    if (from >= bounds.high) return
    for await (const { records, next } of this.#ports.reader.read({ tp, from, to: bounds.high })) {
      for (const { key, value } of records) this.#take(key?.toString() ?? '', value)
      this.#next = next
    }
    this.#next = bounds.high
  }

  #take(key: string, value: Buffer | null): void {
    const marker = decodeGroupMarker(value)
    if (marker !== null) this.#known.set(key, marker)
    else if (value === null) this.#known.delete(key)
  }

  /** The topic was made anew. */
  #startOver(): void {
    this.#known.clear()
    this.#next = 0
  }
}
