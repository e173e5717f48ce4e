/**
 * What became of bytes.
 *
 * `undecodable`: they are not what their schema id says, whoever reads them. `rejected`: they parse by the writer's
 * schema and do not resolve to the reader's. Neither message contains any of the value.
 */
export type Decoded<T> =
  | { readonly kind: 'decoded'; readonly value: T }
  | { readonly kind: 'undecodable'; readonly failureMessage: string }
  | { readonly kind: 'rejected'; readonly message: string }

export type Undecodable = Extract<Decoded<never>, { kind: 'undecodable' }>

export function undecodable(failureMessage: string): Undecodable {
  return { kind: 'undecodable', failureMessage }
}

export const NOT_FRAMED: Undecodable = undecodable(
  'the value is not in the Confluent wire format: a zero byte, a schema id, Avro',
)
