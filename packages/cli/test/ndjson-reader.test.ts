import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type NdjsonLine, readNdjson } from '../src/input/ndjson-reader.ts'

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

async function read(input: string | Buffer, options: { chunk?: number; max?: number } = {}): Promise<NdjsonLine[]> {
  const lines: NdjsonLine[] = []
  for await (const line of readNdjson(chunked(Buffer.from(input), options.chunk ?? 7), options.max)) lines.push(line)
  return lines
}

const value = (line: number, json: unknown): NdjsonLine => ({ kind: 'value', line, value: json })
const problem = (line: number, message: RegExp) => ({
  kind: 'problem',
  line,
  error: expect.objectContaining({ code: 'TOWLINE_INPUT_INVALID', message: expect.stringMatching(message) }),
})

describe('lines', () => {
  test('are JSON documents, the last with or without a newline', async () => {
    expect(await read('{"a":1}\n[2]\n')).toEqual([value(1, { a: 1 }), value(2, [2])])
    expect(await read('1\n"x"')).toEqual([value(1, 1), value(2, 'x')])
  })

  test('may end in CRLF, and blank ones count but hold nothing', async () => {
    expect(await read('1\r\n\r\n  \n2\r\n')).toEqual([value(1, 1), value(4, 2)])
  })

  test('may begin with a byte order mark, also inside files that were put together', async () => {
    expect(await read('\uFEFF1\n')).toEqual([value(1, 1)])
    expect(await read('1\n\uFEFF2\n')).toEqual([value(1, 1), value(2, 2)])
  })

  test('of an empty input are none', async () => {
    expect(await read('')).toEqual([])
    expect(await read('\uFEFF')).toEqual([])
    expect(await read('\n\n')).toEqual([])
  })
})

describe('a bad line', () => {
  test('is told by its number, and the others are read', async () => {
    expect(await read('1\n{"a":\n3\n')).toEqual([value(1, 1), problem(2, /^line 2 is not JSON: /), value(3, 3)])
  })

  test('of bytes that are no UTF-8 is told', async () => {
    const input = Buffer.concat([Buffer.from('"'), Buffer.from([0xff, 0xfe]), Buffer.from('"\n1\n')])
    expect(await read(input)).toEqual([problem(1, /line 1 is not UTF-8 text/), value(2, 1)])
  })

  test('above the bound is told with the bound, wherever the chunks end, and is never held', async () => {
    const long = `"${'x'.repeat(100)}"`
    for (const chunk of [1, 10, 50, 1_000]) {
      expect(await read(`1\n${long}\n2\n${long}`, { chunk, max: 50 })).toEqual([
        value(1, 1),
        problem(2, /line 2 is longer than 50 bytes/),
        value(3, 2),
        problem(4, /line 4 is longer than 50 bytes/),
      ])
    }
  })

  test('without an end costs no memory', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x')
    async function* endless(): AsyncGenerator<Buffer> {
      const before = process.memoryUsage().arrayBuffers
      for (let count = 0; count < 64; count += 1) yield chunk
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * chunk.length)
    }
    const lines: NdjsonLine[] = []
    for await (const line of readNdjson(endless(), 1_000)) lines.push(line)
    expect(lines).toEqual([problem(1, /longer than 1000 bytes/)])
  })

  test('of exactly the bound is read', async () => {
    const line = `"${'x'.repeat(48)}"`
    expect(await read(`${line}\n`, { max: 50 })).toEqual([value(1, 'x'.repeat(48))])
  })
})

test('for any documents and any chunks: what was written is what is read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue(), { maxLength: 8 }),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 40 }),
      async (documents, newline, chunk) => {
        const lines = documents.map((document) => JSON.stringify(document))
        const found = await read(lines.join(newline), { chunk })
        expect(found).toEqual(lines.map((line, index) => value(index + 1, JSON.parse(line))))
      },
    ),
  )
})
