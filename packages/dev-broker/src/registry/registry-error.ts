// The refusals of a Confluent Schema Registry, with its numbers: clients decide by `error_code`.
// https://docs.confluent.io/platform/current/schema-registry/develop/api.html#errors
import { COMPATIBILITY_LEVELS, type Incompatibility } from '../compatibility/incompatibility.ts'

/** A refusal that goes to the client as `{error_code, message}`. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly status: number
  readonly errorCode: number

  constructor(status: number, errorCode: number, message: string) {
    super(message)
    this.status = status
    this.errorCode = errorCode
  }
}

export const subjectNotFound = (subject: string): RegistryError =>
  new RegistryError(404, 40401, `Subject '${subject}' not found.`)

export const versionNotFound = (version: number): RegistryError =>
  new RegistryError(404, 40402, `Version ${version} not found.`)

export const schemaIdNotFound = (id: string): RegistryError => new RegistryError(404, 40403, `Schema ${id} not found`)

export const schemaNotInSubject = (subject: string): RegistryError =>
  new RegistryError(404, 40403, `Schema not found in subject '${subject}'`)

export const subjectLevelNotSet = (subject: string): RegistryError =>
  new RegistryError(404, 40408, `Subject '${subject}' does not have subject-level compatibility configured`)

export const incompatibleSchema = (problems: readonly Incompatibility[]): RegistryError => {
  const reasons = problems.map(describeIncompatibility).join('; ')
  return new RegistryError(409, 409, `Schema being registered is incompatible with an earlier schema: ${reasons}`)
}

export const describeIncompatibility = ({ message, wayOut }: Incompatibility): string => `${message}: ${wayOut}`

export const invalidSchema = (reason: string): RegistryError =>
  new RegistryError(422, 42201, `Invalid schema: ${reason}`)

export const invalidVersion = (version: string): RegistryError =>
  new RegistryError(
    422,
    42202,
    `The specified version '${version}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
  )

export const invalidLevel = (level: unknown): RegistryError =>
  new RegistryError(
    422,
    42203,
    `Invalid compatibility level ${JSON.stringify(level)}. The dev registry enforces ${COMPATIBILITY_LEVELS.join(', ')}`,
  )
