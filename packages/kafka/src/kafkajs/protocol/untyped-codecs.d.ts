declare module 'snappyjs' {
  const snappy: {
    /** Answers the kind of bytes it was given. */
    uncompress<Bytes extends Uint8Array>(compressed: Bytes): Bytes
    compress<Bytes extends Uint8Array>(plain: Bytes): Bytes
  }
  export default snappy
}

declare module 'lz4js' {
  const lz4: {
    /** Decompresses a frame. */
    decompress(frame: Uint8Array): Uint8Array
    compress(plain: Uint8Array): Uint8Array
  }
  export default lz4
}
