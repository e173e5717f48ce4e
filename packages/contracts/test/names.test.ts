import {
  checkAgentName,
  checkNamespace,
  controlTopic,
  groupIdOf,
  groupsTopic,
  loadTopic,
  MAX_NAME_LENGTH,
  type ParsedTopicName,
  parseTopicName,
  replayGroupId,
  subjects,
  topicNames,
} from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { towlineErrorOf } from './error-matching.ts'
import { readVectors } from './vectors/read-vectors.ts'

interface NameVectors {
  readonly topics: readonly (ParsedTopicName & { readonly topic: string })[]
  readonly notTopics: readonly string[]
  readonly groups: readonly { readonly topic: string; readonly group: string }[]
  readonly replayGroups: readonly { readonly replayId: string; readonly namespace?: string; readonly group: string }[]
  readonly fleetTopics: readonly {
    readonly namespace?: string
    readonly control: string
    readonly load: string
    readonly groups: string
  }[]
  readonly subjects: readonly {
    readonly agent: string
    readonly namespace?: string
    readonly [kind: string]: string | undefined
  }[]
}

const vectors = readVectors<NameVectors>('names')
const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter((name) => name !== 'towline' && name !== 'replay')

function topicOf(parsed: ParsedTopicName): string {
  const topics = topicNames(parsed.agent, parsed.namespace)
  return parsed.kind === 'retry' ? topics.retry(parsed.delayMs) : topics[parsed.kind]
}

describe('topic names', () => {
  test.each(vectors.topics)('$topic says whose it is and of what kind', ({ topic, ...parsed }) => {
    expect(parseTopicName(topic)).toEqual(parsed)
    expect(topicOf(parsed)).toBe(topic)
  })

  test.each(vectors.notTopics)('%j is no topic of an agent', (topic) => {
    expect(parseTopicName(topic)).toBeNull()
  })

  test('every name an agent can have is read back from its topics', () => {
    const kinds = fc.constantFrom('tasks', 'dlq', 'results', 'events', 'replay', 'retry')
    fc.assert(
      fc.property(
        fc.option(names, { nil: undefined }),
        names,
        kinds,
        fc.integer({ min: 1, max: 1_000_000 }),
        (namespace, agent, kind, seconds) => {
          const owner = namespace === undefined ? { agent } : { namespace, agent }
          const parsed = (
            kind === 'retry' ? { ...owner, kind, delayMs: seconds * 1_000 } : { ...owner, kind }
          ) as ParsedTopicName
          expect(parseTopicName(topicOf(parsed))).toEqual(parsed)
        },
      ),
    )
  })

  test('any text at all is parsed without throwing', () => {
    fc.assert(fc.property(fc.string(), (topic) => parseTopicName(topic) === null || topic.includes('.')))
  })

  test('a topic for a delay that is not whole seconds is refused', () => {
    towlineErrorOf(() => topicNames('digest').retry(250), 'TOWLINE_DURATION_INVALID')
  })

  test("the longest names stay within Kafka's 249 characters", () => {
    const longest = 'a'.repeat(MAX_NAME_LENGTH)
    const topic = topicNames(longest, longest).retry(315_360_000_000 - 1_000)
    expect(groupIdOf(topic).length).toBeLessThanOrEqual(249)
    expect(parseTopicName(topic)).not.toBeNull()
  })
})

describe('groups, fleet topics and subjects', () => {
  test.each(vectors.groups)('$topic is worked by $group', ({ topic, group }) => {
    expect(groupIdOf(topic)).toBe(group)
  })

  test.each(vectors.replayGroups)('a replay checkpoints in $group', ({ replayId, namespace, group }) => {
    expect(replayGroupId(replayId, namespace)).toBe(group)
  })

  test.each(vectors.fleetTopics)(
    'the fleet of namespace $namespace has $control',
    ({ namespace, control, load, groups }) => {
      expect([controlTopic(namespace), loadTopic(namespace), groupsTopic(namespace)]).toEqual([control, load, groups])
    },
  )

  test.each(vectors.subjects)(
    '$agent of namespace $namespace has its subjects',
    ({ agent, namespace, ...expected }) => {
      expect(subjects(agent, namespace)).toEqual(expected)
    },
  )
})

describe('name checks', () => {
  test.each(['a', 'digest', 'web-search', 'a1', 'a-', 'a'.repeat(MAX_NAME_LENGTH)])('%s is a name', (name) => {
    expect(() => checkAgentName(name)).not.toThrow()
    expect(() => checkNamespace(name)).not.toThrow()
  })

  test.each(['', 'A', '1a', '-a', 'a.b', 'a_b', 'a b', 'ä', 'digest\n', 'a'.repeat(MAX_NAME_LENGTH + 1)])(
    '%j is refused with the rule',
    (name) => {
      const error = towlineErrorOf(() => checkAgentName(name), 'TOWLINE_NAME_INVALID')
      expect(error.message).toContain('[a-z][a-z0-9-]*')
      expect(error.message).toContain('agent type')
      expect(towlineErrorOf(() => checkNamespace(name), 'TOWLINE_NAME_INVALID').message).toContain('namespace')
    },
  )

  test.each(['towline', 'replay'])('%s is reserved', (name) => {
    expect(towlineErrorOf(() => checkAgentName(name), 'TOWLINE_NAME_INVALID').message).toContain('reserved')
    towlineErrorOf(() => checkNamespace(name), 'TOWLINE_NAME_INVALID')
  })

  test('names are checked wherever a topic, subject or fleet topic is made of them', () => {
    for (const make of [
      () => topicNames('Digest'),
      () => topicNames('digest', 'towline'),
      () => subjects('digest', 'no good'),
      () => controlTopic(''),
      () => replayGroupId('r1', 'A'),
    ]) {
      towlineErrorOf(make, 'TOWLINE_NAME_INVALID')
    }
  })
})
