import { type Agent, type AgentType, avroSchema, defineAgent, defineAgentType, TerminalError } from '@towline/contracts'

export interface Text {
  readonly text: string
}

/** What docs/wire.md and the other pages call `shout`. */
export function shoutType(): AgentType<Text, Text> {
  const schema = avroSchema<Text>({ type: 'record', name: 'Text', fields: [{ name: 'text', type: 'string' }] })
  return defineAgentType({ type: 'shout', input: schema, output: schema })
}

/** Its agent; it also fails every attempt of a text that begins with `fail`, twice in all. */
export function shoutAgent(seen: (text: string) => void = () => undefined): Agent<Text, Text> {
  return defineAgent(shoutType(), {
    retry: { maxAttempts: 2, delays: ['1s'], tiers: ['1s'] },
    run: ({ text }) => {
      seen(text)
      if (text === '') throw new TerminalError('the text is empty')
      if (text.startsWith('fail')) throw new Error('it fails as it was told')
      return { text: text.toUpperCase() }
    },
  })
}
