import { TowlineError } from '@towline/contracts'
import { InvalidAvroSchemaError } from '@towline/dev-broker'
import {
  type NamedSchema,
  type PrimitiveName,
  readSchemaModel,
  type SchemaField,
  type SchemaModel,
  type SchemaNode,
  shortName,
} from './schema-model.ts'
import { rulesBrokenForTypes } from './schema-rules.ts'
import { LINE_WIDTH, typescriptLiteral } from './typescript-literal.ts'

export interface TypesRequest {
  /** Path of the schema's file for the reader of the generated one, such as `schemas/task-result.avsc`. */
  readonly file: string
  /** The schema's JSON text. */
  readonly text: string
  /** Where `avroSchema` and `AvroSchema` are imported from. Default `@towline/contracts`. */
  readonly importFrom?: string
}

/**
 * TypeScript source of a schema's types: an interface per record, with the docs as comments, and a constant with the
 * name of the top-level record that carries the schema, for `defineAgentType`.
 *
 * `int`, `long`, `float` and `double` are `number`, `bytes` and `fixed` are `Uint8Array`.
 *
 * @throws TowlineError TOWLINE_SCHEMA_INVALID when the text is no Avro schema, its values are not plain JSON, or a name
 *   cannot be a TypeScript type.
 */
export function generateTypes({ file, text, importFrom = '@towline/contracts' }: TypesRequest): string {
  const model = readModel(file, text)
  const root = shortName(model.root.kind === 'named' ? model.root.name : '')
  const blocks = [
    `// Generated from ${file} by \`towline schemas types\`. Do not edit.`,
    `import { type AvroSchema, avroSchema } from '${importFrom}'\n`,
    ...[...model.named.values()].flatMap((definition) => declaration(definition, model)),
    `const schema = ${typescriptLiteral(model.json)}\n`,
    `export const ${root}: AvroSchema<${root}> = avroSchema<${root}>(schema)\n`,
  ]
  return blocks.join('\n')
}

function readModel(file: string, text: string): SchemaModel {
  try {
    const model = readSchemaModel(text)
    const [broken] = rulesBrokenForTypes(model)
    if (broken === undefined) return model
    throw new TowlineError('TOWLINE_SCHEMA_INVALID', `${file}: ${broken.path}: ${broken.problem}`, {
      value: broken.path,
      wayOut: broken.wayOut,
    })
  } catch (error) {
    if (!(error instanceof InvalidAvroSchemaError)) throw error
    throw new TowlineError('TOWLINE_SCHEMA_INVALID', `${file}: ${error.message}`, {
      value: file,
      wayOut: 'Correct the schema',
      cause: error,
    })
  }
}

function declaration(definition: NamedSchema, model: SchemaModel): readonly string[] {
  const name = shortName(definition.name)
  switch (definition.kind) {
    case 'fixed':
      return []
    case 'enum': {
      const symbols = definition.symbols.map((symbol) => `'${symbol}'`).join(' | ')
      return [`${comment(definition.doc, '')}export type ${name} = ${symbols}\n`]
    }
    case 'record': {
      if (definition.fields.length === 0) {
        return [`${comment(definition.doc, '')}export type ${name} = Readonly<Record<string, never>>\n`]
      }
      const fields = definition.fields.map((field) => property(field, model)).join('')
      return [`${comment(definition.doc, '')}export interface ${name} {\n${fields}}\n`]
    }
  }
}

function property({ name, doc, type }: SchemaField, model: SchemaModel): string {
  return `${comment(doc, '  ')}  readonly ${name}: ${typeText(type, model)}\n`
}

const PRIMITIVE_TYPES: Readonly<Record<PrimitiveName, string>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  bytes: 'Uint8Array',
  string: 'string',
}

function typeText(node: SchemaNode, model: SchemaModel): string {
  switch (node.kind) {
    case 'primitive':
      return PRIMITIVE_TYPES[node.name]
    case 'named':
      return model.named.get(node.name)?.kind === 'fixed' ? 'Uint8Array' : shortName(node.name)
    case 'array': {
      const item = typeText(node.of, model)
      return /^\w+$/.test(item) ? `readonly ${item}[]` : `readonly (${item})[]`
    }
    case 'map':
      return `{ readonly [key: string]: ${typeText(node.of, model)} }`
    case 'union':
      return unionText(node.branches, model)
  }
}

/** Null last, as people write it. */
function unionText(branches: readonly SchemaNode[], model: SchemaModel): string {
  const types = branches.map((branch) => typeText(branch, model))
  const others = types.filter((type) => type !== 'null')
  return [...others, ...(others.length < types.length ? ['null'] : [])].join(' | ')
}

function comment(doc: string | undefined, indent: string): string {
  if (doc === undefined || doc.trim() === '') return ''
  const text = doc.trim().replaceAll('*/', '*\\/')
  const onOneLine = `${indent}/** ${text} */\n`
  if (!text.includes('\n') && onOneLine.length <= LINE_WIDTH + 1) return onOneLine
  const lines = text.split('\n').flatMap((line) => wrap(line, LINE_WIDTH - indent.length - 3))
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`
}

function wrap(text: string, width: number): readonly string[] {
  const lines = ['']
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}
