import { type Agent, type AgentType, avroSchema, defineAgent, defineAgentType, TerminalError } from '@towline/contracts'

export interface Work {
  readonly item: string
}

const workSchema = avroSchema<Work>({
  ...{ type: 'record', namespace: 'io.towline.test', fields: [{ name: 'item', type: 'string' }] },
  name: 'Work',
})

/** An agent type whose input and output are the same small record. */
export function workType(type: string): AgentType<Work, Work> {
  return defineAgentType({ type, input: workSchema, output: workSchema })
}

/** Ends at once: items named `bad` as dead letters, all others by giving the item back. `retry` fails once. */
export function workAgent(type: string, run?: Agent<Work, Work>['run']): Agent<Work, Work> {
  return defineAgent(workType(type), {
    retry: { maxAttempts: 2, delays: ['1s'], tiers: ['1s'] },
    run:
      run ??
      (({ item }) => {
        if (item === 'bad') throw new TerminalError('no such item')
        return { item }
      }),
  })
}
