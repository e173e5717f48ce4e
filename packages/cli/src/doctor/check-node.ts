import { type Finding, ok, problem, warning } from './finding.ts'

/** As `engines` of the package. */
const LEAST = { major: 22, minor: 22 }

/** @param version of this Node, as `process.versions.node` has it */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < LEAST.major || (major === LEAST.major && minor < LEAST.minor)) {
    const least = `${LEAST.major}.${LEAST.minor}`
    return problem(
      'node',
      null,
      `Node ${version} is older than ${least}, the oldest Towline runs on`,
      'Install Node 24',
    )
  }
  if (major % 2 === 1) {
    return warning('node', null, `Node ${version} gets no long-term support`, 'Install Node 24 where it matters')
  }
  return ok('node', null, `Node ${version}`)
}
