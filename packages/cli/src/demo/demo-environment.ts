/** URL of the lexicon service, for the demo's runner processes. */
export const DEMO_LEXICON = 'TOWLINE_DEMO_LEXICON'
/** `broken` or `fixed`: which version of the demo's agent a runner process runs. */
export const DEMO_VERSION = 'TOWLINE_DEMO_AGENT'

export type AgentVersion = 'broken' | 'fixed'
