import { KAFKA_ERRORS } from '@towline/dev-broker'
import { configOf } from './places.ts'
import type { Project } from './project.ts'
import type { Call, FailingCase, VerbCases } from './verb-case.ts'

const NOBODY = '127.0.0.1:1'

/** How a verb ends without what it needs: one case for each need and each way of lacking it. */
export function commonFails({ needs, refusedAt = 'Metadata', works }: VerbCases): readonly FailingCase[] {
  const [working] = works
  if (working === undefined) return []
  const called = async (project: Project, flags: string, env: Readonly<Record<string, string>> = {}): Promise<Call> => {
    const call = await working.call(project, 'table')
    const { args, ...options } = typeof call === 'string' ? { args: call } : call
    return { ...options, args: `${args}${flags}`, env: { ...options.env, ...env } }
  }
  const ofNeed: Readonly<Record<VerbCases['needs'][number], readonly FailingCase[]>> = {
    broker: [
      {
        what: 'to work without a broker',
        call: (project) => called(project, ` --brokers ${NOBODY}`),
        error: 'TOWLINE_BROKER_UNAVAILABLE',
        code: 1,
        says: /^error: TOWLINE_BROKER_UNAVAILABLE: no Kafka broker answered at 127\.0\.0\.1:1: .*\. Check .*\n$/m,
      },
      {
        what: 'what Kafka refuses',
        call: (project) => called(project, ''),
        fault: { api: refusedAt, errorCode: KAFKA_ERRORS.TOPIC_AUTHORIZATION_FAILED },
        error: 'TOWLINE_KAFKA_REFUSED',
        code: 1,
        says: /^error: TOWLINE_KAFKA_REFUSED: Kafka refused to .* \(TOPIC_AUTHORIZATION_FAILED\)\. Grant .*\n$/,
      },
    ],
    registry: [
      {
        what: 'to work without a registry',
        call: (project) => called(project, ` --registry http://${NOBODY}`),
        error: 'TOWLINE_REGISTRY_UNAVAILABLE',
        code: 1,
        says: /^error: TOWLINE_REGISTRY_UNAVAILABLE: .*\. Check .*\n$/m,
      },
    ],
    config: [
      {
        what: 'a configuration file that is not there',
        call: (project) => called(project, ' --config none.ts'),
        error: 'TOWLINE_CONFIG_UNREADABLE',
        code: 2,
        says: /^error: TOWLINE_CONFIG_UNREADABLE: cannot read .*none\.ts: no such file\. Name .*\n$/,
      },
      {
        what: 'a configuration that is none',
        call: async (project) => called(project, ` --config ${await configOf(project, 'wrong', 'export default 5')}`),
        error: 'TOWLINE_CONFIG_INVALID',
        code: 2,
        says: /^error: TOWLINE_CONFIG_INVALID: .*wrong\.config\.ts.*\. \S.*\n$/,
      },
      {
        what: 'a variable out of bounds',
        call: (project) => called(project, '', { TOWLINE_MAX_IN_FLIGHT: 'many' }),
        error: 'TOWLINE_OPTION_INVALID',
        code: 2,
        says: /^error: TOWLINE_OPTION_INVALID: runner\.maxInFlight must be .*, got "many" \(variable TOWLINE_MAX_IN_FLIGHT\)\. Set .*\n$/,
      },
    ],
  }
  return needs.flatMap((need) => ofNeed[need])
}
