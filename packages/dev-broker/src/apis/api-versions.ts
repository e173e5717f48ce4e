// ApiVersions, versions 0 to 3; 3 is flexible, but its response header is not (KIP-511).
// An unknown version is answered in version 0 with UNSUPPORTED_VERSION and the list, so that the client can come down.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import type { Encodable } from '../protocol/schema.ts'
import { type ApiDefinition, defineApi } from './api.ts'

const response = {
  errorCode: 'int16',
  apis: [{ key: 'int16', firstVersion: 'int16', lastVersion: 'int16' }],
  throttleTimeMs: 'int32 @1+ =0',
} as const

/** `registry` is asked at every call: it is the table this very API stands in. */
export function defineApiVersions(registry: () => readonly ApiDefinition[]): ApiDefinition {
  return defineApi({
    name: 'ApiVersions',
    versions: [0, 3],
    flexibleFrom: 3,
    request: { clientSoftwareName: 'string @3+', clientSoftwareVersion: 'string @3+' },
    response,
    handle: () => supportedVersions(registry(), KAFKA_ERRORS.NONE),
  })
}

export function supportedVersions(registry: readonly ApiDefinition[], errorCode: number): Encodable<typeof response> {
  const apis = registry.map(({ key, advertisedFirst, versions: [, last] }) => ({
    key,
    firstVersion: advertisedFirst,
    lastVersion: last,
  }))
  return { errorCode, apis }
}
