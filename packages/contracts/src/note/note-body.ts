// The body of a commit note, behind its head: varint span (= end − base), then one of two forms.
//   list:   (varint gap, u8 state) for every listed offset.
//   bitset: ceil(span / 8) bytes, bit i of byte j set = base + 8j + i is unfinished (bits beyond the span are 0); then
//           (varint gap, u8 state) for every listed offset whose state is not 0.
// A gap counts the offsets passed over since the previous entry, or since the base.

import { stateByte, type UnfinishedOffset, unfinishedOf } from './unfinished-offset.ts'
import { VarintReader, VarintWriter, varintBytes } from './varint.ts'

/** The part of a note the body tells. */
export interface NoteSpan {
  readonly base: number
  readonly end: number
  readonly unfinished: readonly UnfinishedOffset[]
}

export interface NoteBody {
  readonly isBitset: boolean
  readonly bytes: Uint8Array
}

/** The smaller form; the list where both are equal. */
export function encodeBody({ base, end, unfinished }: NoteSpan): NoteBody {
  const span = end - base
  const marked = unfinished.filter((entry) => stateByte(entry) !== 0)
  const listBytes = entriesBytes(base, unfinished)
  const bitBytes = Math.ceil(span / 8)
  const bitsetBytes = bitBytes + entriesBytes(base, marked)
  const isBitset = bitsetBytes < listBytes
  const writer = new VarintWriter(varintBytes(span) + Math.min(listBytes, bitsetBytes))
  writer.varint(span)
  if (isBitset) setBits(writer.reserve(bitBytes), base, end, unfinished)
  writeEntries(writer, base, isBitset ? marked : unfinished)
  return { isBitset, bytes: writer.bytes }
}

/** The reverse of {@link encodeBody}, or null when the bytes are no such body. */
export function decodeBody(bytes: Uint8Array, base: number, isBitset: boolean): NoteSpan | null {
  const reader = new VarintReader(bytes)
  const end = base + reader.varint()
  if (reader.broken || !Number.isSafeInteger(end)) return null
  const bits = isBitset ? reader.take(Math.ceil((end - base) / 8)) : null
  const entries = readEntries(reader, base)
  if (entries === null) return null
  const unfinished = bits === null ? entries : withBits(bits, base, end, entries)
  return unfinished === null ? null : { base, end, unfinished }
}

function entriesBytes(base: number, entries: readonly UnfinishedOffset[]): number {
  let bytes = 0
  let next = base
  for (const { offset } of entries) {
    bytes += varintBytes(offset - next) + 1
    next = offset + 1
  }
  return bytes
}

function writeEntries(writer: VarintWriter, base: number, entries: readonly UnfinishedOffset[]): void {
  let next = base
  for (const entry of entries) {
    writer.varint(entry.offset - next)
    writer.byte(stateByte(entry))
    next = entry.offset + 1
  }
}

function readEntries(reader: VarintReader, base: number): UnfinishedOffset[] | null {
  const entries: UnfinishedOffset[] = []
  let next = base
  while (!reader.atEnd) {
    const offset = next + reader.varint()
    const state = reader.byte()
    if (reader.broken || !Number.isSafeInteger(offset)) return null
    entries.push(unfinishedOf(offset, state))
    next = offset + 1
  }
  return reader.broken ? null : entries
}

function setBits(bits: Uint8Array, base: number, end: number, unfinished: readonly UnfinishedOffset[]): void {
  for (const { offset } of unfinished) {
    if (offset >= end) break
    const at = (offset - base) >>> 3
    bits[at] = (bits[at] as number) | (1 << ((offset - base) & 7))
  }
}

/** All that the bits list, with the states of `marked`, and what `marked` lists from `end` on. Null when they disagree. */
function withBits(
  bits: Uint8Array,
  base: number,
  end: number,
  marked: readonly UnfinishedOffset[],
): UnfinishedOffset[] | null {
  const unfinished: UnfinishedOffset[] = []
  let nextMark = 0
  for (let bit = 0; bit < bits.length * 8; bit += 1) {
    if ((((bits[bit >>> 3] as number) >>> (bit & 7)) & 1) === 0) continue
    const offset = base + bit
    const mark = marked[nextMark]
    if (offset >= end || (mark !== undefined && mark.offset < offset)) return null
    if (mark?.offset === offset) nextMark += 1
    unfinished.push(mark?.offset === offset ? mark : unfinishedOf(offset, 0))
  }
  const beyond = marked.slice(nextMark)
  return beyond.some((entry) => entry.offset < end) ? null : [...unfinished, ...beyond]
}
