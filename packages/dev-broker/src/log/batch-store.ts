/** Where a log keeps the bytes of its batches; what it knows about them is in {@link StoredBatch}. */
export interface BatchStore {
  /** What it kept of a log that starts at `startOffset`, before this process began. Called once, before anything else. */
  recover(startOffset: number): readonly StoredBatch[]
  /** Keeps a batch behind the others. @throws StorageError and keeps nothing of it */
  append(baseOffset: number, bytes: Buffer): BatchPlace
  /** The bytes of neighbouring batches, in their order. @throws StorageError */
  read(batches: readonly StoredBatch[]): Buffer[]
  /** May forget what lies before `offset`; everything when the log ends there. */
  truncateBefore(offset: number, endOffset: number): void
}

/** Known to its store only: the bytes themselves, or where in which file they are. */
export type BatchPlace = Buffer | { readonly path: string; readonly position: number }

export interface StoredBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly maxTimestampMs: number
  readonly sizeBytes: number
  readonly place: BatchPlace
}

export const IN_MEMORY: BatchStore = {
  recover: () => [],
  append: (_, bytes) => ownBytes(bytes),
  read: (batches) => batches.map(({ place }) => place as Buffer),
  truncateBefore: () => undefined,
}

/** The batch without the rest of the socket's buffer, which a view would keep alive as long as the log. */
function ownBytes(batch: Buffer): Buffer {
  const isMostOfItsBuffer = batch.length * 2 > batch.buffer.byteLength
  return isMostOfItsBuffer ? batch : Buffer.from(batch)
}
