import { type AgentType, subjects, TaskEvent, TaskResult } from '@towline/contracts'
import type { RegistryClient } from '@towline/kafka'
import { plural } from '../output/format-value.ts'
import { type Finding, ok, problem, problemOf, warning } from './finding.ts'

/** What every version of a subject is held to, so that readers and writers of different ages understand each other. */
const WANTED_LEVEL = 'FULL_TRANSITIVE'

export interface RegistryRequest {
  readonly schemas: Pick<RegistryClient, 'idOf' | 'compatibilityOf'>
  readonly url: string
  readonly agentTypes: readonly AgentType<unknown, unknown>[]
  readonly namespace: string | undefined
}

/** Whether the registry answers, and has what publishers and runners will ask it for. */
export async function checkRegistry({ schemas, url, ...request }: RegistryRequest): Promise<readonly Finding[]> {
  try {
    // Of no subject: the registry's own level, and the proof that it is one.
    const level = await schemas.compatibilityOf('towline-doctor')
    const reached = ok('registry', url, `answers; its own compatibility level is ${level}`)
    const found: Finding[] = [reached]
    for (const agentType of request.agentTypes) {
      found.push(...(await checkAgentType(schemas, agentType, request.namespace)))
    }
    return found
  } catch (error) {
    return [problemOf('registry', url, error)]
  }
}

async function checkAgentType(
  schemas: RegistryRequest['schemas'],
  { type, input, output }: AgentType<unknown, unknown>,
  namespace: string | undefined,
): Promise<readonly Finding[]> {
  const names = subjects(type, namespace)
  const wanted = [
    [names.tasks, input.text],
    [names.output, output.text],
    [names.results, TaskResult.text],
    [names.events, TaskEvent.text],
  ] as const
  const missing: string[] = []
  const found: Finding[] = []
  for (const [subject, text] of wanted) {
    if ((await schemas.idOf(subject, text)) === null) missing.push(subject)
    else found.push(...levelFinding(subject, await schemas.compatibilityOf(subject)))
  }
  if (missing.length > 0) {
    const message = `the schema of ${plural(missing.length, 'subject')} is not registered: ${missing.join(', ')}`
    found.unshift(problem('registry', type, message, 'Run towline schemas push'))
  }
  return found.length > 0 ? found : [ok('registry', type, `${plural(wanted.length, 'subject')}, ${WANTED_LEVEL}`)]
}

function levelFinding(subject: string, level: string): readonly Finding[] {
  if (level === WANTED_LEVEL) return []
  const message = `compatibility level ${level} lets in schemas that runners or publishers of another age cannot read`
  return [warning('registry', subject, message, 'Run towline schemas push: it sets FULL_TRANSITIVE')]
}
