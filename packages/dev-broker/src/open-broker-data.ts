import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { ResolvedBrokerOptions } from './broker-options.ts'
import { DiskLogs } from './disk/disk-logs.ts'
import { type DataDirectory, openDataDirectory } from './disk/open-data-directory.ts'
import { type GroupChange, GroupCoordinator } from './groups/group-coordinator.ts'
import { TopicCatalog, type TopicChange } from './topics/topic-catalog.ts'

type BrokerChange = { readonly kind: 'cluster-formed'; readonly clusterId: string } | TopicChange | GroupChange

export interface BrokerData {
  readonly clusterId: string
  readonly topics: TopicCatalog
  readonly groups: GroupCoordinator
  close(): void
}

type Options = Pick<ResolvedBrokerOptions, 'dataDir' | 'groupLimits' | 'now' | 'log'>

/** Topics and groups in memory, or those that a directory keeps. @throws DevBrokerError */
export function openBrokerData(options: Options): BrokerData {
  const { dataDir, groupLimits, now, log } = options
  if (dataDir !== null)
    return openDataDirectory({ path: dataDir, name: 'broker', log }, (directory: DataDirectory<BrokerChange>) =>
      restore(directory, { ...options, dataDir }),
    )
  const [topics, groups] = [new TopicCatalog(), new GroupCoordinator(groupLimits, now)]
  return { clusterId: newClusterId(), topics, groups, close: () => undefined }
}

function restore(
  { files, journal, changes, close }: DataDirectory<BrokerChange>,
  { dataDir, groupLimits, now, log }: Options & { readonly dataDir: string },
): BrokerData {
  const logs = new DiskLogs(join(dataDir, 'topics'), files, log)
  const topics = new TopicCatalog(journal, logs)
  const groups = new GroupCoordinator(groupLimits, now, journal)
  let clusterId = newClusterId()
  for (const change of changes) {
    if (change.kind === 'cluster-formed') clusterId = change.clusterId
    else if ('groupId' in change) groups.apply(change)
    else topics.apply(change)
    if (change.kind === 'topic-deleted') groups.forgetTopic(change.name)
  }
  topics.recover()
  logs.tellOfStrangers(topics.all)
  journal.rewriteFrom(function* () {
    yield { kind: 'cluster-formed', clusterId }
    yield* topics.changes()
    yield* groups.changes()
  })
  return { clusterId, topics, groups, close }
}

/** As Kafka's: a UUID in base64. */
function newClusterId(): string {
  return randomBytes(16).toString('base64url')
}
