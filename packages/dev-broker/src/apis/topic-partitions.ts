import type { MessageSchema } from '../protocol/schema.ts'

/** The schema of "topics, and for each its partitions", which half of Kafka's messages are made of. */
export function topicPartitions<const Partition extends MessageSchema>(
  partition: Partition,
): readonly [{ readonly name: 'string'; readonly partitions: readonly [Partition] }] {
  return [{ name: 'string', partitions: [partition] }]
}

/** Answers for every partition that a request names, in its order. */
export function answerPartitions<Asked extends { readonly index: number }, Answer>(
  topics: readonly { readonly name: string; readonly partitions: readonly Asked[] }[],
  answer: (topic: string, asked: Asked) => Answer,
): { name: string; partitions: (Answer & { index: number })[] }[] {
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((asked) => ({ index: asked.index, ...answer(name, asked) })),
  }))
}
