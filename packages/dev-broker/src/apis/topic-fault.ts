import { KAFKA_ERRORS, type KafkaErrorName } from '../protocol/error-codes.ts'

/** Why a topic cannot be made or grown as asked. */
export interface TopicFault {
  readonly errorCode: number
  readonly errorMessage: string
}

/** Kafka's own bound (`MAX_PARTITIONS_PER_BATCH`). */
const MAX_PARTITIONS_PER_REQUEST = 10_000

export function topicFault(error: KafkaErrorName, errorMessage: string): TopicFault {
  return { errorCode: KAFKA_ERRORS[error], errorMessage }
}

export function sizeFault(partitions: number): TopicFault | null {
  if (partitions <= MAX_PARTITIONS_PER_REQUEST) return null
  const bound = `at most ${MAX_PARTITIONS_PER_REQUEST}`
  return topicFault('POLICY_VIOLATION', `Excessively large number of partitions per request: ${partitions}, ${bound}.`)
}

/** Placement is the broker's: see UNSUPPORTED.md. */
export function assignmentFault(assignments: readonly unknown[] | null): TopicFault | null {
  if (assignments === null || assignments.length === 0) return null
  return topicFault(
    'INVALID_REPLICA_ASSIGNMENT',
    'Replicas are placed by this broker: leave the replica assignment out.',
  )
}
