import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { TowlineError } from '@towline/contracts'
import lz4 from 'lz4js'
import snappy from 'snappyjs'

const CODEC_MASK = 0x07

/** Compression codecs of Kafka, by the number in a batch's attributes. */
const CODECS: readonly ((compressed: Buffer) => Buffer | Promise<Buffer>)[] = [
  (plain) => plain,
  promisify(gunzip),
  decompressSnappy,
  decompressLz4,
  promisify(zstdDecompress),
]

/** Decompresses the records of a batch by the codec that its attributes name. */
export function decompressRecords(attributes: number, compressed: Buffer): Buffer | Promise<Buffer> {
  const codec = CODECS[attributes & CODEC_MASK]
  if (codec === undefined) {
    throw new TowlineError('TOWLINE_INTERNAL', `Kafka has no compression codec ${attributes & CODEC_MASK}`, {
      value: attributes & CODEC_MASK,
      bound: CODECS.length - 1,
    })
  }
  return codec(compressed)
}

function decompressLz4(frame: Buffer): Buffer {
  const plain = lz4.decompress(frame)
  return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength)
}

// Java clients frame snappy with the header of xerial's snappy-java: magic, version and lowest compatible version
// (16 bytes), then (u32 length, block) to the end. librdkafka writes one bare block.
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16

function decompressSnappy(compressed: Buffer): Buffer {
  if (!compressed.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return snappy.uncompress(compressed)
  const blocks: Buffer[] = []
  let at = XERIAL_HEADER_BYTES
  while (at < compressed.length) {
    const length = compressed.readUInt32BE(at)
    blocks.push(snappy.uncompress(compressed.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return Buffer.concat(blocks)
}
