/** An Avro schema with the TypeScript type of its values. Generated files export one beside each interface. */
export interface AvroSchema<T> {
  /** The full name of its top-level record, for example `io.towline.digest.DigestRequest`. */
  readonly name: string
  /** Its exact JSON text: a publisher finds its schema id by this text, never by `latest`. */
  readonly text: string
  /** Carries `T`; never set. */
  readonly '~type'?: T
}

/** Makes an {@link AvroSchema} of the JSON of a record schema. The text is its compact JSON. */
export function avroSchema<T>(json: { readonly name: string; readonly namespace?: string }): AvroSchema<T> {
  const name = json.namespace === undefined ? json.name : `${json.namespace}.${json.name}`
  return { name, text: JSON.stringify(json) }
}
