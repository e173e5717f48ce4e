import type { GuardedKafka } from '@towline/test-brokers'
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel, ResourcePatternTypes } from 'kafkajs'
import { readPage } from './pages/markdown-page.ts'

export const ROLES = ['publisher', 'runner', 'operator', 'auditor', 'deployment'] as const
export type Role = (typeof ROLES)[number]

/** One operation that one role may do, as docs/operations.md says. */
export interface Access {
  readonly role: Role
  readonly operation: string
  readonly kind: 'topic' | 'group' | 'cluster'
  readonly name: string
  readonly isPrefix: boolean
}

const GRANT = /([A-Z]\w+(?:, [A-Z]\w+)*) on ((?:`[^`]+`(?:, | and )?)+)/g

/** The rows of the page, for one agent of a namespace. */
export function accessOf({
  namespace,
  agent,
}: {
  readonly namespace: string
  readonly agent: string
}): readonly Access[] {
  const { text } = readPage('docs/operations.md')
  return ROLES.flatMap((role) => {
    const [, topics = '', groups = '', cluster = ''] =
      new RegExp(`^\\| ${role} \\|(.*)\\|(.*)\\|(.*)\\|$`, 'm').exec(text) ?? []
    const named = (cell: string, kind: Access['kind']): readonly Access[] =>
      [...cell.matchAll(GRANT)].flatMap(([, operations = '', resources = '']) =>
        [...resources.matchAll(/`([^`]+)`/g)].flatMap(([, resource = '']) => {
          const name = nameOf(resource, `${namespace}.`, agent)
          const isPrefix = name.endsWith('.')
          return operations.split(', ').map((operation) => ({ role, operation, kind, name, isPrefix }))
        }),
      )
    const onCluster = /^ ?([A-Z]\w+)/.exec(cluster)?.[1]
    const ofCluster = { role, kind: 'cluster', name: 'kafka-cluster', isPrefix: false } as const
    return [
      ...named(topics, 'topic'),
      ...named(groups, 'group'),
      ...(onCluster === undefined ? [] : [{ ...ofCluster, operation: onCluster }]),
    ]
  })
}

/** `a.` stands for the agent in its namespace, `towline.groups` has the namespace in front. */
function nameOf(resource: string, namespace: string, agent: string): string {
  if (resource === 'towline.groups') return `${namespace}${resource}`
  return resource.replace('[<namespace>.]', namespace).replace(/(^|\.)a\./, `$1${namespace}${agent}.`)
}

/** Has the admin of a Kafka grant all of it, each role being the user of that name. */
export async function grant({ broker, admin: username }: GuardedKafka, access: readonly Access[]): Promise<void> {
  const sasl = { mechanism: 'plain', username, password: username } as const
  const admin = new Kafka({ brokers: [broker], sasl, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    await admin.createAcls({
      acl: access.map(({ role, operation, kind, name, isPrefix }) => ({
        principal: `User:${role}`,
        host: '*',
        permissionType: AclPermissionTypes.ALLOW,
        operation: operationOf(operation),
        resourceType: {
          topic: AclResourceTypes.TOPIC,
          group: AclResourceTypes.GROUP,
          cluster: AclResourceTypes.CLUSTER,
        }[kind],
        resourceName: name,
        resourcePatternType: isPrefix ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
      })),
    })
  } finally {
    await admin.disconnect()
  }
}

/** `DescribeConfigs` is DESCRIBE_CONFIGS of the protocol. */
function operationOf(word: string): AclOperationTypes {
  const name = word.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()
  const operation = AclOperationTypes[name as keyof typeof AclOperationTypes]
  if (operation === undefined) throw new Error(`docs/operations.md: Kafka has no operation ${word}`)
  return operation
}
