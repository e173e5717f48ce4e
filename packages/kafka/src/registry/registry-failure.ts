import { TowlineError } from '@towline/contracts'
import { RegistryNonsense, RegistryRefusal } from './registry-http.ts'

/** What a failed call to the registry means. */
export type RegistryFailure =
  /** It has no such id or schema. */
  | 'not-found'
  /** It understood and said no: the schema breaks the subject's compatibility level. */
  | 'incompatible'
  /** It understood and said no: this is no valid schema. */
  | 'invalid'
  /** What it holds under that id cannot be used as Avro. */
  | 'not-avro'
  /** It could not be asked, asked in vain, or will not talk to us. Says nothing about schemas. */
  | 'unavailable'

/**
 * Sorts what a call threw; total. The client library reports a refused connection or a timeout as a response with
 * status 400, whose message then begins with `Error, status 400`; a 404 of a look-up by schema loses its status.
 */
export function classifyRegistryError(thrown: unknown): RegistryFailure {
  if (!(thrown instanceof Error) || thrown instanceof RegistryNonsense) return 'unavailable'
  if (thrown instanceof RegistryRefusal) return classifyRefusal(thrown)
  if (thrown.name === 'ConfluentSchemaRegistryError') return 'not-found'
  if (thrown.name === 'ConfluentSchemaRegistryCompatibilityError') return 'incompatible'
  if (thrown.name === 'ResponseError' && 'status' in thrown) return classifyStatus(Number(thrown.status), thrown)
  if (thrown.name.startsWith('ConfluentSchemaRegistry') || thrown instanceof SyntaxError) return 'not-avro'
  return 'unavailable'
}

/** A 404 of the registry's own numbers is about a schema; another, as of an unknown path, is about the address. */
function classifyRefusal({ status, errorCode }: RegistryRefusal): RegistryFailure {
  if (status === 404) return errorCode >= 40_400 && errorCode < 40_500 ? 'not-found' : 'unavailable'
  return status === 422 ? 'invalid' : 'unavailable'
}

function classifyStatus(status: number, error: Error): RegistryFailure {
  switch (status) {
    case 404:
      return 'not-found'
    case 409:
      return 'incompatible'
    case 400:
      return error.message.includes('Error, status 400') ? 'unavailable' : 'invalid'
    case 422:
      return 'invalid'
    default:
      return 'unavailable'
  }
}

/** @param url without credentials */
export function registryUnavailable(url: string, cause: unknown): TowlineError {
  return new TowlineError('TOWLINE_REGISTRY_UNAVAILABLE', `the schema registry at ${url} ${reasonOf(cause)}`, {
    value: url,
    retriable: true,
    wayOut: 'Check the address (option registry or TOWLINE_REGISTRY), the credentials, and that it runs',
    cause,
  })
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'did not answer'
  if ('code' in cause && cause.code === 'EOPENBREAKER') return 'failed again and again and is left alone for a while'
  if ('status' in cause && (cause.status === 401 || cause.status === 403)) return `refused us: ${cause.message}`
  return `did not answer: ${cause.message}`
}
