/** Where schemas and their ids come from: a registry, with a cache in front of it. */
export interface SchemaSource {
  /**
   * The schema text of a writer's id, or null where the registry says it has no such id.
   *
   * @throws TowlineError TOWLINE_REGISTRY_UNAVAILABLE when it cannot be asked: says nothing about the bytes.
   */
  schemaOf(id: number): Promise<string | null>
  /**
   * The id of exactly this schema under a subject, or null where it is not registered.
   *
   * @throws TowlineError TOWLINE_REGISTRY_UNAVAILABLE
   */
  idOf(subject: string, schemaText: string): Promise<number | null>
}
