import { TowlineError } from '@towline/contracts'

export interface RegistryCredentials {
  readonly username: string
  readonly password: string
}

/** Where a registry is, its credentials apart, so that `url` may stand in errors and logs. */
export interface RegistryAddress {
  /** Without credentials and without a slash at the end. */
  readonly url: string
  readonly credentials: RegistryCredentials | undefined
}

/**
 * Splits `http://user:password@host:8081`; credentials given apart win.
 *
 * @throws TowlineError TOWLINE_OPTION_INVALID when it is no http or https URL.
 */
export function registryAddress(url: string, given?: RegistryCredentials): RegistryAddress {
  if (!URL.canParse(url)) throw invalid('it is no URL')
  const parsed = new URL(url)
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') throw invalid(`it begins with ${parsed.protocol}`)
  const inUrl =
    parsed.username === ''
      ? undefined
      : { username: decodeURIComponent(parsed.username), password: decodeURIComponent(parsed.password) }
  parsed.username = ''
  parsed.password = ''
  parsed.search = ''
  parsed.hash = ''
  return { url: parsed.href.replace(/\/+$/, ''), credentials: given ?? inUrl }
}

/** The value itself may hold a password, so it is not repeated. */
function invalid(what: string): TowlineError {
  return new TowlineError('TOWLINE_OPTION_INVALID', `the address of the schema registry cannot be used: ${what}`, {
    wayOut: 'Give it as http://host:8081 (option registry or TOWLINE_REGISTRY)',
  })
}
