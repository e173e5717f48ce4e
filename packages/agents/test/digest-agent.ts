import { type Agent, type AvroSchema, defineAgent, defineAgentType, type TaskContext } from '@towline/contracts'

export interface DigestInput {
  readonly text: string
}

/** An agent around the handler under test; a host never looks at its schemas. */
export function digestAgent<O>(
  run: (input: DigestInput, context: TaskContext) => Promise<O> | O,
): Agent<DigestInput, O> {
  const input: AvroSchema<DigestInput> = { name: 'DigestInput', text: '"string"' }
  const output: AvroSchema<O> = { name: 'DigestOutput', text: '"string"' }
  return defineAgent(defineAgentType({ type: 'digest', input, output }), { run })
}
