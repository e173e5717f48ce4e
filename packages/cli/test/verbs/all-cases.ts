import { demoCases } from './cases/demo-cases.ts'
import { devBrokerCases } from './cases/dev-broker-cases.ts'
import { dlqListCases, dlqPurgeCases, dlqRedriveCases, dlqShowCases } from './cases/dlq-cases.ts'
import { doctorCases, lagCases, offsetsShowCases } from './cases/observe-cases.ts'
import { offsetsRestoreCases } from './cases/offsets-restore-cases.ts'
import { publishCases } from './cases/publish-cases.ts'
import {
  replayAbortCases,
  replayPlanCases,
  replayReportCases,
  replayResumeCases,
  replayStartCases,
  replayStatusCases,
} from './cases/replay-cases.ts'
import { runCases } from './cases/run-cases.ts'
import { schemasCheckCases, schemasPushCases, schemasTypesCases } from './cases/schemas-cases.ts'
import { tasksGetCases } from './cases/tasks-cases.ts'
import { topicsApplyCases, topicsPlanCases } from './cases/topics-cases.ts'
import type { VerbCases } from './verb-case.ts'

/** A new verb needs its cases here: a test holds this list to the program. */
export const ALL_CASES: readonly VerbCases[] = [
  demoCases,
  runCases,
  publishCases,
  topicsPlanCases,
  topicsApplyCases,
  tasksGetCases,
  dlqListCases,
  dlqShowCases,
  dlqRedriveCases,
  dlqPurgeCases,
  replayStartCases,
  replayPlanCases,
  replayResumeCases,
  replayStatusCases,
  replayReportCases,
  replayAbortCases,
  lagCases,
  offsetsShowCases,
  offsetsRestoreCases,
  schemasCheckCases,
  schemasPushCases,
  schemasTypesCases,
  devBrokerCases,
  doctorCases,
]
