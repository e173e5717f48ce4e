import type { KafkajsInternals } from '../kafkajs-internals.ts'

/** An API of Kafka's that Towline calls and a broker does not serve in any version that both know. */
export interface UnsupportedApi {
  readonly api: string
  /** First and last version that Towline can speak. */
  readonly needed: readonly [first: number, last: number]
  /** First and last version the broker serves; null when it does not know the API. */
  readonly served: readonly [first: number, last: number] | null
}

/** What a broker says of itself, by API key. */
export type ServedVersions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>

/** Record batches of format 2, which carry headers, came with these (https://cwiki.apache.org/confluence/x/-QN3B). */
const LEAST: Readonly<Record<string, number>> = { Produce: 3, Fetch: 4 }

/** Every API that Towline calls, by kafkajs's name for it. */
const REQUIRED = [
  'Produce',
  'Fetch',
  'ListOffsets',
  'Metadata',
  'OffsetCommit',
  'OffsetFetch',
  'GroupCoordinator',
  'JoinGroup',
  'Heartbeat',
  'LeaveGroup',
  'SyncGroup',
  'DescribeGroups',
  'ListGroups',
  'CreateTopics',
  'DescribeConfigs',
  'CreatePartitions',
  'DeleteGroups',
] as const

export const REQUIRED_API_COUNT: number = REQUIRED.length

/** The APIs that a broker lacks, in the order of Kafka's keys. Pure. */
export function unsupportedApis(
  { apiKeys, requests }: Pick<KafkajsInternals, 'apiKeys' | 'requests'>,
  versions: ServedVersions,
): readonly UnsupportedApi[] {
  return REQUIRED.flatMap((api) => {
    const known = requests[api].versions.map(Number)
    const needed = [Math.max(LEAST[api] ?? 0, ...known.slice(0, 1)), Math.max(...known)] as const
    const found = versions[apiKeys[api]]
    if (found !== undefined && found.minVersion <= needed[1] && found.maxVersion >= needed[0]) return []
    const served = found === undefined ? null : ([found.minVersion, found.maxVersion] as const)
    return [{ api: api === 'GroupCoordinator' ? 'FindCoordinator' : api, needed, served }]
  })
}
