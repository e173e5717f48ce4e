/**
 * The data directory did not take or give what was asked: full, over a limit, gone. Nothing of the write is kept; clients
 * are told KAFKA_STORAGE_ERROR, and the next write is tried as if nothing had been.
 */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly path: string

  constructor(path: string, cause: unknown) {
    super(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.path = path
  }
}

/** What `action` returns, or null when the data directory did not take it. */
export function unlessStorageFails<Result>(action: () => Result): Result | null {
  try {
    return action()
  } catch (error) {
    if (error instanceof StorageError) return null
    throw error
  }
}
