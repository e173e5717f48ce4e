// The response that says an error, derived from the schemas: `errorCode` wherever the response has one, for everything the
// request names. It rests on a habit of the schemas here: what a response says about a thing bears the request's name for it.

import type { FieldSchema, MessageSchema } from '../protocol/schema.ts'

type Message = Readonly<Record<string, unknown>>

/** For faults, and for handlers that threw. Fields it has nothing to say about get their default. */
export function refusal(response: MessageSchema, request: Message, errorCode: number): Message {
  const fields = Object.entries(response).map(([name, field]) => {
    const asked = request[name]
    return [
      name,
      name === 'errorCode' ? errorCode : typeof field === 'string' ? asked : refuseEach(field, asked, errorCode),
    ]
  })
  return Object.fromEntries(fields)
}

function refuseEach(field: Exclude<FieldSchema, string>, asked: unknown, errorCode: number): readonly unknown[] {
  const element = field.at(-1)
  if (!Array.isArray(asked) || typeof element !== 'object') return []
  const [key = ''] = Object.keys(element).filter((name) => name !== 'errorCode')
  return asked.map((item: unknown) =>
    refusal(element, typeof item === 'object' && item !== null ? (item as Message) : { [key]: item }, errorCode),
  )
}
