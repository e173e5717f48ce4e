import type { SchemaSource } from '@towline/contracts'

/** A schema source that holds what a test gives it and counts what it is asked. */
export class SchemasInMemory implements SchemaSource {
  readonly texts = new Map<number, string>()
  asked: number[] = []
  /** Thrown by every call while set. */
  outage: Error | undefined

  add(id: number, schema: { readonly text: string } | object): number {
    this.texts.set(id, 'text' in schema && typeof schema.text === 'string' ? schema.text : JSON.stringify(schema))
    return id
  }

  schemaOf(id: number): Promise<string | null> {
    this.asked.push(id)
    return this.outage === undefined ? Promise.resolve(this.texts.get(id) ?? null) : Promise.reject(this.outage)
  }

  idOf(_subject: string, schemaText: string): Promise<number | null> {
    if (this.outage !== undefined) return Promise.reject(this.outage)
    return Promise.resolve([...this.texts].find(([, text]) => text === schemaText)?.[0] ?? null)
  }
}
