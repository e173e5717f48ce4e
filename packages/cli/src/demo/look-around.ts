import type { CallName } from './own-program.ts'
import type { DemoOutcome } from './run-demo.ts'

/** The command lines that lead to what a kept demo has left, to be pasted into a shell one by one or all together. */
export function commandsFor(outcome: DemoOutcome, { towline }: CallName): readonly string[] {
  const { brokers, registry, namespace, openTaskId, succeededTaskId } = outcome
  return [
    `export TOWLINE_BROKERS=${brokers}`,
    `export TOWLINE_REGISTRY=${registry}`,
    `export TOWLINE_NAMESPACE=${namespace}`,
    '',
    ...verbs(towline, openTaskId ?? ANY_ID, succeededTaskId ?? ANY_ID),
    `kcat -Ce -b ${brokers} -t ${namespace}.digest.results -f '%p/%o %k\\n'`,
  ]
}

const ANY_ID = '<task id>'

/** The same for a demo that is gone: which verbs there are. */
export function exampleCommands({ towline }: CallName): readonly string[] {
  return [...verbs(towline, ANY_ID, ANY_ID), "kcat -Ce -b <brokers> -t <namespace>.digest.results -f '%p/%o %k\\n'"]
}

function verbs(towline: string, openTaskId: string, succeededTaskId: string): readonly string[] {
  return [
    `${towline} dlq list digest`,
    `${towline} dlq show digest ${openTaskId}`,
    `${towline} tasks get digest ${succeededTaskId}`,
    `${towline} lag digest`,
    `${towline} offsets show digest`,
    `${towline} replay status digest`,
  ]
}
