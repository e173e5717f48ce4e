/** The widest line, as in Biome's and Prettier's settings for this repository. */
export const LINE_WIDTH = 120

/** A string stays beside a key this short, however wide the line. */
const SHORT_KEY = 4

/** A JSON value as a TypeScript expression, laid out as Biome lays it out: `indent` is that of the line it begins on. */
export function typescriptLiteral(value: unknown, indent: string = ''): string {
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return arrayLiteral(value, indent)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value)
  if (entries.length === 0) return '{}'
  const inner = `${indent}  `
  return `{\n${entries.map(([key, member]) => `${inner}${memberLiteral(key, member, inner)},\n`).join('')}${indent}}`
}

function memberLiteral(key: string, value: unknown, indent: string): string {
  const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key)
  const literal = typescriptLiteral(value, indent)
  const isTooWide =
    typeof value === 'string' &&
    name.length > SHORT_KEY &&
    indent.length + name.length + literal.length + 3 > LINE_WIDTH
  return isTooWide ? `${name}:\n${indent}  ${literal}` : `${name}: ${literal}`
}

function arrayLiteral(items: readonly unknown[], indent: string): string {
  const inner = `${indent}  `
  const literals = items.map((item) => typescriptLiteral(item, inner))
  const onOneLine = `[${literals.join(', ')}]`
  const isFlat = items.every((item) => typeof item !== 'object' || item === null)
  if (isFlat && indent.length + onOneLine.length < LINE_WIDTH - 20) return onOneLine
  return `[\n${literals.map((literal) => `${inner}${literal},\n`).join('')}${indent}]`
}

/** Single quotes, or double ones where that takes fewer escapes. */
function quote(text: string): string {
  const json = JSON.stringify(text)
  const singles = text.split("'").length
  const doubles = text.split('"').length
  if (singles > doubles) return json
  return `'${json.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}
