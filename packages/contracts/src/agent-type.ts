import type { AvroSchema } from './avro/avro-schema.ts'
import { checkAgentName } from './names.ts'

/** Names the handler a task is for, with the schemas of its input and output. Services import this; it holds no handler code. */
export interface AgentType<I, O> {
  readonly type: string
  readonly input: AvroSchema<I>
  readonly output: AvroSchema<O>
}

/**
 * Defines an agent type.
 *
 * @throws TowlineError TOWLINE_NAME_INVALID when `type` does not match `[a-z][a-z0-9-]*` or is reserved.
 */
export function defineAgentType<I, O>(definition: AgentType<I, O>): AgentType<I, O> {
  checkAgentName(definition.type)
  return Object.freeze({ type: definition.type, input: definition.input, output: definition.output })
}
