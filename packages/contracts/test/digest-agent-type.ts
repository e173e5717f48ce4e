import { type AgentType, avroSchema, defineAgentType } from '@towline/contracts'

export interface Question {
  readonly text: string
}

export const QUESTION = avroSchema<Question>({
  type: 'record',
  name: 'Question',
  namespace: 'io.towline.test',
  fields: [{ name: 'text', type: 'string' }],
} as { name: string; namespace: string })

export const digest: AgentType<Question, Question> = defineAgentType({
  type: 'digest',
  input: QUESTION,
  output: QUESTION,
})
