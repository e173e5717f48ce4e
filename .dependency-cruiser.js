// Which package may import which: docs/architecture.md, "Layout". An arrow that is not here is a decision, not an edit.
const mayImport = {
  contracts: [],
  kafka: ['contracts'],
  producer: ['contracts', 'kafka'],
  runner: ['contracts', 'kafka'],
  'dead-letter': ['contracts', 'kafka'],
  replay: ['contracts', 'kafka'],
  agents: ['contracts'],
  fleet: ['contracts', 'kafka', 'producer', 'runner', 'dead-letter', 'replay', 'agents'],
  'dev-broker': [],
  testing: ['contracts'],
  cli: ['contracts', 'kafka', 'producer', 'runner', 'dead-letter', 'replay', 'agents', 'fleet', 'dev-broker'],
  'test-brokers': ['dev-broker'],
}

const folders = (names) => `^packages/(${names.join('|')})/`

const directions = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `${name}-imports-only-what-it-may`,
  severity: 'error',
  from: { path: `^packages/${name}/src/` },
  to: { path: '^packages/', pathNot: folders([name, ...allowed]) },
}))

const testDirections = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `${name}-tests-import-only-what-it-may`,
  comment: 'Tests use what their package may import, the dev broker and the harness that finds brokers.',
  severity: 'error',
  from: { path: `^packages/${name}/test/` },
  to: { path: '^packages/', pathNot: folders([name, ...allowed, 'dev-broker', 'test-brokers']) },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...directions,
    ...testDirections,
    {
      name: 'only-the-adapter-imports-kafkajs',
      comment: 'Benchmarks run the same work on plain kafkajs, in a process of its own.',
      severity: 'error',
      from: { path: '^packages/.*/src/', pathNot: '^packages/(kafka/src/kafkajs|bench/src/contenders)/' },
      to: { path: 'node_modules/kafkajs/' },
    },
    {
      name: 'ports-know-no-driver',
      comment: 'What is built on the ports works with every driver.',
      severity: 'error',
      from: { path: '^packages/kafka/src/', pathNot: '^packages/kafka/src/(kafkajs|memory)/' },
      to: { path: '^packages/kafka/src/(kafkajs|memory)/' },
    },
    {
      name: 'drivers-know-no-other',
      severity: 'error',
      from: { path: '^packages/kafka/src/(kafkajs|memory)/' },
      to: { path: '^packages/kafka/src/(kafkajs|memory)/', pathNot: '^packages/kafka/src/$1/' },
    },
    {
      name: 'only-entries-choose-the-driver',
      severity: 'error',
      from: {
        path: '^packages/[^/]+/src/',
        pathNot: '^packages/(kafka/src/|producer/src/connect|fleet/src/|cli/src/)',
      },
      to: { path: '^packages/kafka/src/(kafkajs|memory)/' },
    },
    {
      name: 'no-imports-past-an-entry',
      comment: 'Another package is what its exports say.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: {
        path: '^packages/[^/]+/src/',
        pathNot: [
          '^packages/$1/',
          '^packages/[^/]+/src/index\\.ts$',
          '^packages/kafka/src/(kafkajs|memory)/index\\.ts$',
        ],
      },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@towline/source', 'types', 'import', 'node', 'default'],
    },
  },
}
