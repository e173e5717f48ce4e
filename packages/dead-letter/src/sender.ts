import type { RecordSender } from '@towline/kafka'

/** What this package needs of the record sender: every write waits for its acknowledgement. */
export type Sender = Pick<RecordSender, 'send'>
