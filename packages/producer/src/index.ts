/**
 * Publishes tasks to agents and awaits their results.
 *
 * ```ts
 * import { connect } from '@towline/producer'
 * import { researcher } from './agents/researcher.type.ts'
 *
 * await using towline = await connect({ brokers: '127.0.0.1:9092', registry: 'http://127.0.0.1:8081' })
 * const task = await towline.publish(researcher, { url: 'https://example.org' }, { key: 'session-7' })
 * console.log(await task.result({ timeout: '30s' }))
 * ```
 */
export { connect } from './connect.ts'
export type { ConnectOptions, SaslOptions } from './options.ts'
export type { PublishItem, PublishOptions } from './publish/publish-options.ts'
export { PublishedTask, type PublishOutcome } from './published-task.ts'
export type { AgentResults, LookupOptions } from './results/agent-results.ts'
export { TaskDeadError, type TaskEnd } from './results/task-end.ts'
export type { ResultOptions } from './results/task-results.ts'
export { Towline, type TowlineParts } from './towline.ts'
