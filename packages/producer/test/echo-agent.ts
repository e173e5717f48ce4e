import { type AgentType, avroSchema, defineAgentType } from '@towline/contracts'

export interface EchoRequest {
  readonly text: string
  readonly times: number
}

export interface EchoReply {
  readonly echo: string
}

const request = {
  type: 'record',
  name: 'EchoRequest',
  namespace: 'io.towline.test',
  fields: [
    { name: 'text', type: 'string' },
    { name: 'times', type: 'int' },
  ],
}

const reply = {
  type: 'record',
  name: 'EchoReply',
  namespace: 'io.towline.test',
  fields: [{ name: 'echo', type: 'string' }],
}

/** An agent type of the tests: says what it is told, some times over. */
export const echo: AgentType<EchoRequest, EchoReply> = defineAgentType({
  type: 'echo',
  input: avroSchema<EchoRequest>(request),
  output: avroSchema<EchoReply>(reply),
})
