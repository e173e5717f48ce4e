/** What a client may ask of the memory cluster, by Kafka's names. */
export type ApiName =
  | 'CreatePartitions'
  | 'CreateTopics'
  | 'DeleteGroups'
  | 'DeleteTopics'
  | 'DescribeConfigs'
  | 'DescribeGroups'
  | 'Fetch'
  | 'Heartbeat'
  | 'JoinGroup'
  | 'LeaveGroup'
  | 'ListGroups'
  | 'ListOffsets'
  | 'Metadata'
  | 'OffsetCommit'
  | 'OffsetFetch'
  | 'Produce'
  | 'SyncGroup'

/** A scripted misbehaviour of the cluster; as the dev broker takes them. Without an effect it only counts requests. */
export interface MemoryFault {
  readonly api: ApiName
  /** Only requests of this client id: the whole of it, or a pattern. Default: every client's. */
  readonly clientId?: string | RegExp
  /** How many requests it hits. Default: every one until it is removed. */
  readonly times?: number
  /** Whether it strikes before the request is handled or after, when its effect has already happened. Default: before. */
  readonly when?: 'before' | 'after'
  /** Waits this long first, in milliseconds of the cluster's clock. */
  readonly delayMs?: number
  /** Waits for this first: a test lets go when it likes. */
  readonly hold?: Promise<unknown>
  /** Answers with this Kafka error instead: with `before` the request is not handled at all. */
  readonly errorCode?: number
  /** Loses the connection instead of answering. */
  readonly drop?: true
}

export interface MemoryFaultHandle {
  /** How many requests it has hit so far. */
  readonly hits: number
  /** No further request is hit. Safe to repeat. */
  remove(): void
}

interface ActiveFault {
  readonly fault: MemoryFault
  hits: number
}

export class MemoryFaults {
  readonly #active = new Set<ActiveFault>()
  readonly #onAdd: (fault: MemoryFault) => void

  constructor(onAdd: (fault: MemoryFault) => void) {
    this.#onAdd = onAdd
  }

  /** Where several match, the one added first strikes; those that only count never get in its way. */
  add(fault: MemoryFault): MemoryFaultHandle {
    const active: ActiveFault = { fault, hits: 0 }
    this.#active.add(active)
    this.#onAdd(fault)
    return {
      get hits() {
        return active.hits
      },
      remove: () => {
        this.#active.delete(active)
      },
    }
  }

  clear(): void {
    this.#active.clear()
  }

  /** The fault that hits this request, if any, counted as a hit, as are the faults before it that only count. */
  strike(api: ApiName, clientId: string): MemoryFault | undefined {
    for (const active of this.#active) {
      const { fault } = active
      if (fault.api !== api || !matches(fault.clientId, clientId)) continue
      active.hits += 1
      if (active.hits === fault.times) this.#active.delete(active)
      if (hasEffect(fault)) return fault
    }
    return undefined
  }
}

function hasEffect({ delayMs, hold, errorCode, drop }: MemoryFault): boolean {
  return delayMs !== undefined || hold !== undefined || errorCode !== undefined || drop === true
}

function matches(wanted: string | RegExp | undefined, clientId: string): boolean {
  if (wanted === undefined) return true
  return typeof wanted === 'string' ? wanted === clientId : clientId.search(wanted) !== -1
}
