import { TowlineError } from '@towline/contracts'

// What every driver throws alike.

export function topicMissing(topic: string, cause?: unknown): TowlineError {
  return new TowlineError('TOWLINE_TOPIC_MISSING', `topic "${topic}" does not exist`, {
    value: topic,
    wayOut: 'Create it with: towline topics apply',
    cause,
  })
}

export function brokerUnavailable(brokers: readonly string[], cause: unknown): TowlineError {
  const addresses = brokers.join(',')
  const message = cause instanceof Error ? cause.message : String(cause)
  return new TowlineError('TOWLINE_BROKER_UNAVAILABLE', `no Kafka broker answered at ${addresses}: ${message}`, {
    value: addresses,
    wayOut: 'Check the address, and that the broker runs and its advertised listener can be reached from here',
    retriable: true,
    cause,
  })
}

export function offsetOutOfRange(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  from: number,
  { low, high }: { readonly low: number; readonly high: number },
): TowlineError {
  return new TowlineError(
    'TOWLINE_OFFSET_OUT_OF_RANGE',
    `${topic}/${partition} holds offsets ${low} up to ${high}, not ${from}`,
    { value: from, bound: `${low}..${high}`, wayOut: `Read from ${low} or later` },
  )
}

export function groupHasMembers(groupId: string): TowlineError {
  return new TowlineError(
    'TOWLINE_GROUP_ACTIVE',
    `group "${groupId}" has members, whose commits this would overwrite`,
    { value: groupId, wayOut: 'Stop its consumers first' },
  )
}

export function consumerFailed(groupId: string, cause: unknown): TowlineError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new TowlineError('TOWLINE_CONSUMER_FAILED', `the consumer of group "${groupId}" failed: ${message}`, {
    value: groupId,
    wayOut: 'Correct what Kafka names, then start it again; what it held runs elsewhere',
    cause,
  })
}

export function consumerStoppedEarly(): TowlineError {
  return new TowlineError('TOWLINE_CONSUMER_FAILED', 'the consumer was stopped before it joined its group')
}
