import type { VerbCases } from '../verb-case.ts'

export const demoCases: VerbCases = {
  verb: 'demo',
  needs: [],
  bringsItsBroker: true,
  works: [
    {
      what: 'a few tasks, a crash, and an account that balances',
      call: () => 'demo --tasks 20',
      table:
        /^ACCOUNT +TASKS +AS THE TOPICS TELL IT\npublished +21 +in \.tasks, .*\n(?:\S.*\n)+\nThe account balances: nothing was lost\. \d+\.\d s in all\.\n$/,
      says: /^\n1\. .*\n(?:.*\n)+9\. To look around, .*\n(?: {2}\S.*\n)+$/,
      // Its JSON is looked at by the tests of the demo.
      formats: ['table'],
    },
  ],
  fails: [
    {
      what: 'one address without the other',
      call: () => 'demo --broker 127.0.0.1:9092',
      error: 'TOWLINE_OPTION_INVALID',
      code: 2,
      says: /^error: TOWLINE_OPTION_INVALID: the demo got --broker alone\. Give both --broker and --registry, .*\n$/,
    },
    {
      what: 'the other without the one',
      call: () => 'demo --registry http://127.0.0.1:8081',
      error: 'TOWLINE_OPTION_INVALID',
      code: 2,
      says: /^error: TOWLINE_OPTION_INVALID: the demo got --registry alone\. Give both --broker and --registry, .*\n$/,
    },
    {
      what: 'to work where no broker answers',
      call: () => 'demo --broker 127.0.0.1:1 --registry http://127.0.0.1:1',
      error: 'TOWLINE_BROKER_UNAVAILABLE',
      code: 1,
      says: /\nerror: TOWLINE_BROKER_UNAVAILABLE: no Kafka broker answered at 127\.0\.0\.1:1: .*\. Check .*\n$/,
    },
    {
      what: 'to go on when its broker dies',
      call: () => 'demo --tasks 200',
      async meanwhile(running) {
        await running.said('Work, and a crash')
        const [, pid] = /registry at \S+ \(process (\d+)\)/.exec(running.stderr) ?? []
        process.kill(Number(pid), 'SIGKILL')
      },
      error: 'TOWLINE_DEMO_FAILED',
      code: 1,
      says: /\nerror: TOWLINE_DEMO_FAILED: the dev broker ended on its own: SIGKILL\. Run it again; .*\n$/,
    },
  ],
}
