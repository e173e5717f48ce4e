/**
 * Agent hosts: what executes the handler of an attempt.
 *
 *     const host = createInProcessHost(researcherAgent)
 *     const result = await host.run(attempt) // { kind: 'returned', output } or { kind: 'threw', thrown }
 */
export { createInProcessHost } from './in-process-host.ts'
