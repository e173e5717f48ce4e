/** An Avro schema with the TypeScript type of its values. Generated files export one beside each interface. */
export interface AvroSchema<T> {
  /** The full name of its top-level record, for example `io.towline.digest.DigestRequest`. */
  readonly name: string
  /** Its exact JSON text: a publisher finds its schema id by this text, never by `latest`. */
  readonly text: string
  /** Carries `T`; never set. */
  readonly '~type'?: T
}

/** The JSON of a record schema: `type`, `fields` and whatever else Avro allows beside its name. */
export interface RecordSchema {
  readonly name: string
  readonly namespace?: string
  readonly [attribute: string]: unknown
}

/** Makes an {@link AvroSchema} of the JSON of a record schema. The text is its compact JSON. */
export function avroSchema<T>(json: RecordSchema): AvroSchema<T> {
  const name = json.namespace === undefined ? json.name : `${json.namespace}.${json.name}`
  return { name, text: JSON.stringify(json) }
}
