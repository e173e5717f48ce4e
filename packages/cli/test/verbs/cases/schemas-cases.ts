import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { uniqueNamespace } from '@towline/test-brokers'
import type { Project } from '../project.ts'
import type { FailingCase, VerbCases } from '../verb-case.ts'

/** A folder whose schema has no history. */
async function brokenFolder(project: Project): Promise<string> {
  const folder = join(project.folder, 'broken')
  await mkdir(join(folder, 'history'), { recursive: true })
  const fields = [{ name: 'item', type: 'string', doc: 'What.' }]
  const schema = { type: 'record', name: 'Order', namespace: 'io.example', doc: 'An order.', fields }
  await writeFile(join(folder, 'order.avsc'), JSON.stringify(schema))
  return 'broken'
}

/** The project's folder, whose request has changed in a way that no reader of old ones can read. */
async function changedFolder(project: Project): Promise<string> {
  const folder = join(project.folder, 'changed')
  await cp(join(project.folder, 'schemas'), folder, { recursive: true })
  const fields = [{ name: 'pages', type: 'int', doc: 'How many.' }]
  const schema = { type: 'record', name: 'Request', namespace: 'io.example.digest', doc: 'A request.', fields }
  await writeFile(join(folder, 'request.avsc'), JSON.stringify(schema))
  return 'changed'
}

/** A folder whose schema is none. */
async function senselessFolder(project: Project): Promise<string> {
  const folder = join(project.folder, 'senseless')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'order.avsc'), '{"type":"recrod","name":"Order"}')
  return 'senseless'
}

const noFolder = (args: string): FailingCase => ({
  what: 'a folder that is not there',
  call: () => args,
  error: 'TOWLINE_INPUT_INVALID',
  code: 2,
  says: /^error: TOWLINE_INPUT_INVALID: cannot read .*nowhere: no such folder\. Name a folder that holds .*\n$/,
})

export const schemasCheckCases: VerbCases = {
  verb: 'schemas check',
  needs: [],
  works: [
    { what: 'schemas that keep every rule', call: () => 'schemas check', table: /^schemas keeps every rule\.\n$/ },
    {
      what: 'a rule that is broken',
      call: async (project) => `schemas check ${await brokenFolder(project)}`,
      code: 1,
      table:
        /^FILE +WHERE +PROBLEM +WAY OUT\norder\.avsc +- +it has no history +copy order\.avsc to history\/order\.1\.avsc\n$/,
      says: /^1 problem\n$/,
    },
  ],
  fails: [noFolder('schemas check nowhere')],
}

export const schemasPushCases: VerbCases = {
  verb: 'schemas push',
  needs: ['registry', 'config'],
  works: [
    {
      what: 'schemas nobody pushed yet',
      call: () => ({ args: 'schemas push', env: { TOWLINE_NAMESPACE: uniqueNamespace() } }),
      table:
        /^SUBJECT +SCHEMA +VERSION +ID\n\S+\.digest\.tasks-value +request +1 +\d+\n\S+\.digest\.results-output +report +1 +\d+\n(\S+\.digest\.\S+ +of Towline +- +\d+\n){2}$/,
    },
  ],
  fails: [
    noFolder('schemas push nowhere'),
    {
      what: 'a folder without the schema of an agent',
      call: async (project) => `schemas push ${await brokenFolder(project)}`,
      error: 'TOWLINE_SCHEMA_INVALID',
      code: 1,
      says: /^error: TOWLINE_SCHEMA_INVALID: no schema named io\.example\.digest\.Request stands in the folder, .*\. \S.*\n$/,
    },
    {
      what: 'a schema that breaks with its history',
      call: async (project) => `schemas push ${await changedFolder(project)}`,
      error: 'TOWLINE_SCHEMA_INCOMPATIBLE',
      code: 1,
      says: /^error: TOWLINE_SCHEMA_INCOMPATIBLE: request\.avsc.*: .*\. .*`towline schemas check` lists every problem\n$/,
    },
  ],
}

export const schemasTypesCases: VerbCases = {
  verb: 'schemas types',
  needs: [],
  works: [
    {
      what: 'a file per schema',
      call: (_project, format) => `schemas types --out ${format}`,
      table:
        /^CHANGE +SCHEMA +TYPES\ncreated +schemas\/report\.avsc +table\/report\.ts\ncreated +schemas\/request\.avsc +table\/request\.ts\n$/,
    },
  ],
  fails: [
    {
      what: 'no folder for them',
      call: () => 'schemas types',
      error: 'TOWLINE_OPTION_INVALID',
      code: 2,
      says: /^error: TOWLINE_OPTION_INVALID: no folder was given for the types\. Add --out <folder>\n$/,
    },
    noFolder('schemas types nowhere --out types'),
    {
      what: 'a schema that is none',
      call: async (project) => `schemas types ${await senselessFolder(project)} --out types`,
      error: 'TOWLINE_SCHEMA_INVALID',
      code: 1,
      says: /^error: TOWLINE_SCHEMA_INVALID: senseless\/order\.avsc: .*\. Correct .*\n$/,
    },
  ],
}
