import { nowhere } from '../places.ts'
import type { FailingCase } from '../verb-case.ts'

/** `args` names the agent type `nosuch`. */
export const unknownAgent = (args: string): FailingCase => ({
  what: 'an unknown agent',
  call: () => args,
  error: 'TOWLINE_AGENT_UNKNOWN',
  code: 4,
  says: /^error: TOWLINE_AGENT_UNKNOWN: no agent type "nosuch" is known\. Choose one of: digest\n$/,
})

/** `args` names the agent type `nosuch`, for which what no agent type may be called is put. */
export const badName = (args: string): FailingCase => ({
  what: 'what no agent may be called',
  call: () => args.replace('nosuch', "'No Such'"),
  error: 'TOWLINE_NAME_INVALID',
  code: 2,
  says: /^error: TOWLINE_NAME_INVALID: agent type must match .*, got "No Such"\. Choose another name\n$/,
})

/** A call in a namespace without topics. */
export const missingTopics = (args: string): FailingCase => ({
  what: 'topics that are missing',
  call: () => nowhere(args),
  error: 'TOWLINE_TOPIC_MISSING',
  code: 1,
  says: /^error: TOWLINE_TOPIC_MISSING: .*\bdigest\.\w+"? does not exist\. Create it .*towline topics apply.*\n$/,
})
