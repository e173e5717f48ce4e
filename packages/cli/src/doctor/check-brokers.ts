import { NOTE_MAX_CHARACTERS } from '@towline/contracts'
import type { ClusterInspection, NodeInspection, UnsupportedApi } from '@towline/kafka/kafkajs'
import { formatBytes, formatSpan, plural } from '../output/format-value.ts'
import { type Finding, ok, problem, problemOf, warning } from './finding.ts'

/** What the settings of a broker are held against. */
export interface BrokerNeeds {
  /** The session timeout runners ask for. */
  readonly sessionTimeoutMs: number
  /** How long tasks are kept: an idle group must remember its place as long. */
  readonly retentionMs: number
  /** The largest record batch any topic of the plan takes. */
  readonly largestBatchBytes: number
}

/** Reachability, API versions and limits of every broker. Pure. */
export function checkBrokers(inspection: ClusterInspection, needs: BrokerNeeds): readonly Finding[] {
  return [...checkBootstrap(inspection), ...inspection.nodes.flatMap((node) => checkBroker(node, needs))]
}

function checkBootstrap({ bootstrap, nodes }: ClusterInspection): readonly Finding[] {
  return bootstrap.flatMap(({ address, failure }) => {
    if (failure === null) return []
    if (nodes.length === 0) return [problemOf('broker', address, failure)]
    const wayOut = 'Correct the list of brokers (option brokers or TOWLINE_BROKERS), or start it'
    return [warning('broker', address, 'does not answer; the other bootstrap addresses do', wayOut)]
  })
}

function checkBroker({ nodeId, address, answer }: NodeInspection, needs: BrokerNeeds): readonly Finding[] {
  const subject = `broker ${nodeId} at ${address}`
  if (answer.kind === 'unreachable') {
    const wayOut = `Make ${address} reachable from here, or correct advertised.listeners of broker ${nodeId}`
    return [problem('broker', subject, 'the cluster names it at this address, and it does not answer there', wayOut)]
  }
  const lacking = answer.unsupported.map((api) => unsupported(subject, api))
  if (answer.configs === null) {
    const wayOut = 'Allow DescribeConfigs on the cluster to this user, or check the limits by hand'
    return [...lacking, warning('broker', subject, 'it does not tell its settings: its limits were not judged', wayOut)]
  }
  const found = [...lacking, ...checkLimits(subject, answer.configs, needs)]
  return found.length > 0 ? found : [ok('broker', subject, limitsText(answer.configs))]
}

function unsupported(subject: string, { api, needed, served }: UnsupportedApi): Finding {
  const has = served === null ? 'it does not serve it' : `it serves ${served[0]} to ${served[1]}`
  const message = `${api} is needed in a version from ${needed[0]} to ${needed[1]}, ${has}`
  return problem('broker', subject, message, 'Use Apache Kafka 2.1 or newer, or what is compatible with it')
}

type Configs = Readonly<Record<string, string>>

/** A setting the broker did not tell is not judged. */
function checkLimits(subject: string, configs: Configs, needs: BrokerNeeds): readonly Finding[] {
  const { sessionTimeoutMs, retentionMs, largestBatchBytes } = needs
  const set = (setting: string, value: number): string => `Set ${setting}=${value} or more in the broker's settings`
  const below = (setting: string, least: number, why: string): readonly Finding[] => {
    const is = numberOf(configs, setting)
    if (is === undefined || is >= least) return []
    return [problem('broker', subject, `${setting} is ${is}, below ${least}: ${why}`, set(setting, least))]
  }
  return [
    ...below('offset.metadata.max.bytes', NOTE_MAX_CHARACTERS, 'a full commit note is refused, and nothing commits'),
    ...below('group.max.session.timeout.ms', sessionTimeoutMs, 'runners ask for that session timeout and cannot join'),
    ...below('socket.request.max.bytes', largestBatchBytes, 'a batch as large as topics accept cannot be sent'),
    ...checkLeastSession(subject, numberOf(configs, 'group.min.session.timeout.ms'), sessionTimeoutMs),
    ...checkOffsetsRetention(subject, numberOf(configs, 'offsets.retention.minutes'), retentionMs),
    ...checkAutoCreate(subject, configs['auto.create.topics.enable']),
  ]
}

function checkLeastSession(subject: string, leastMs: number | undefined, sessionTimeoutMs: number): readonly Finding[] {
  if (leastMs === undefined || leastMs <= sessionTimeoutMs) return []
  const setting = 'group.min.session.timeout.ms'
  const message = `${setting} is ${leastMs}, above ${sessionTimeoutMs}: runners ask for that session timeout and cannot join`
  return [problem('broker', subject, message, `Set ${setting}=${sessionTimeoutMs} or less in the broker's settings`)]
}

function checkOffsetsRetention(subject: string, minutes: number | undefined, retentionMs: number): readonly Finding[] {
  if (minutes === undefined) return []
  const forgetsAfterMs = minutes * 60_000
  if (forgetsAfterMs >= retentionMs) return []
  const message = `offsets.retention.minutes is ${minutes} (${formatSpan(forgetsAfterMs)}), tasks are kept ${formatSpan(retentionMs)}: a fleet that is down longer than that forgets its place while its tasks are still there`
  const wayOut = `Set offsets.retention.minutes=${Math.ceil(retentionMs / 60_000)} or more in the broker's settings`
  return [warning('broker', subject, message, wayOut)]
}

function checkAutoCreate(subject: string, value: string | undefined): readonly Finding[] {
  if (value !== 'true') return []
  const message =
    'auto.create.topics.enable is true: another client that mistypes a topic creates it, with settings that keep no promise'
  return [warning('broker', subject, message, "Set auto.create.topics.enable=false in the broker's settings")]
}

function limitsText(configs: Configs): string {
  const told = (setting: string, format: (value: number) => string): readonly string[] => {
    const value = numberOf(configs, setting)
    return value === undefined ? [] : [format(value)]
  }
  const limits = [
    ...told('offset.metadata.max.bytes', (bytes) => `commit metadata ${formatBytes(bytes)}`),
    ...told('message.max.bytes', (bytes) => `message.max.bytes ${formatBytes(bytes)} where a topic does not say`),
    ...told('group.min.session.timeout.ms', (ms) => `sessions from ${formatSpan(ms)}`),
    ...told('offsets.retention.minutes', (minutes) => `offsets kept ${formatSpan(minutes * 60_000)}`),
  ]
  return ['serves every API that Towline uses', ...limits].join(', ')
}

function numberOf(configs: Configs, setting: string): number | undefined {
  const text = configs[setting]
  return text === undefined || text === '' || Number.isNaN(Number(text)) ? undefined : Number(text)
}

/** For the person who asks why nothing else was looked at. */
export function unreachableText(inspection: ClusterInspection): string | undefined {
  if (inspection.nodes.some(({ answer }) => answer.kind === 'reached')) return undefined
  return `not checked, since no broker answers: topics, partitions, clock (${plural(inspection.bootstrap.length, 'address')} tried)`
}
