import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Group } from '../src/groups/group.ts'
import type { JoinReply, JoinRequest, SyncReply } from '../src/groups/member.ts'
import { electProtocol } from '../src/groups/protocol-vote.ts'
import { KAFKA_ERRORS } from '../src/protocol/error-codes.ts'

const SESSION_MS = 10_000
const REBALANCE_MS = 30_000

/** A group with a clock of its own, asked as its members would ask. */
class Bench {
  readonly group = new Group('g')
  nowMs = 1_000_000
  #ids = 0

  request(memberId: string, more: Partial<JoinRequest> = {}): JoinRequest {
    return {
      memberId,
      clientId: 'c',
      clientHost: '/127.0.0.1',
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: REBALANCE_MS,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('v1') }],
      mustKnowItsId: false,
      ...more,
    }
  }

  join(memberId = '', more: Partial<JoinRequest> = {}): Promise<JoinReply> {
    const newMemberId = (): string => {
      this.#ids += 1
      return `m${this.#ids}`
    }
    return Promise.resolve(this.group.join(this.request(memberId, more), this.nowMs, newMemberId))
  }

  sync(memberId: string, generationId: number, plan: Readonly<Record<string, string>> = {}): Promise<SyncReply> {
    const assignments = Object.entries(plan).map(([id, text]) => ({ memberId: id, assignment: Buffer.from(text) }))
    return Promise.resolve(this.group.sync(memberId, generationId, assignments, this.nowMs))
  }

  heartbeat(memberId: string, generationId = this.group.generationId): number {
    return this.group.heartbeat(memberId, generationId, this.nowMs)
  }

  pass(ms: number): void {
    this.nowMs += ms
    this.group.tick(this.nowMs)
  }

  /** A stable group of `size` members; the first is the leader. */
  async stable(size: number): Promise<readonly string[]> {
    const first = await this.join()
    const members = [first.memberId]
    for (let i = 1; i < size; i++) {
      const newcomer = this.join()
      const rejoining = members.map((id) => this.join(id))
      members.push((await newcomer).memberId)
      await Promise.all(rejoining)
    }
    const { generationId } = this.group
    await Promise.all(members.toReversed().map((id) => this.sync(id, generationId, { [id]: `of ${id}` })))
    expect(this.group.phase.name).toBe('Stable')
    return members
  }
}

describe('joining', () => {
  test('the first member leads and is told of everybody', async () => {
    const bench = new Bench()
    expect(await bench.join()).toMatchObject({
      errorCode: 0,
      generationId: 1,
      protocolName: 'range',
      leader: 'm1',
      memberId: 'm1',
      members: [{ memberId: 'm1', metadata: Buffer.from('v1') }],
    })
  })

  test('a newcomer is given its id first, and the group waits for it to come back', async () => {
    const bench = new Bench()
    const [leader] = await bench.stable(1)
    expect(await bench.join('', { mustKnowItsId: true })).toMatchObject({
      errorCode: KAFKA_ERRORS.MEMBER_ID_REQUIRED,
      memberId: 'm2',
    })
    expect(bench.heartbeat(leader as string), 'no rebalance before it comes').toBe(KAFKA_ERRORS.NONE)
    const joining = bench.join('m2', { mustKnowItsId: true })
    expect(bench.heartbeat(leader as string)).toBe(KAFKA_ERRORS.REBALANCE_IN_PROGRESS)
    const led = await bench.join(leader)
    expect(led.members.map((member) => member.memberId)).toEqual(['m1', 'm2'])
    expect(await joining).toMatchObject({ errorCode: 0, generationId: 2, leader: 'm1', members: [] })
  })

  test('an announced id that never comes back stops holding up the others when its session would have ended', async () => {
    const bench = new Bench()
    await bench.join('', { mustKnowItsId: true })
    let isAnswered = false
    const joining = bench.join().then((reply) => {
      isAnswered = true
      return reply
    })
    bench.pass(SESSION_MS - 1)
    await Promise.resolve()
    expect(isAnswered).toBe(false)
    bench.pass(1)
    expect(await joining).toMatchObject({ errorCode: 0, memberId: 'm2', generationId: 1 })
    expect((await bench.join('m1')).errorCode).toBe(KAFKA_ERRORS.UNKNOWN_MEMBER_ID)
  })

  test('members that do not come back within the rebalance timeout are out', async () => {
    const bench = new Bench()
    const [leader, follower] = (await bench.stable(2)) as [string, string]
    const rejoined = bench.join(leader)
    for (let ms = 0; ms < REBALANCE_MS; ms += 5_000) {
      expect(bench.heartbeat(follower), 'it lives, but does not join').toBe(KAFKA_ERRORS.REBALANCE_IN_PROGRESS)
      bench.pass(5_000)
    }
    expect((await rejoined).members.map((member) => member.memberId)).toEqual([leader])
    expect(bench.heartbeat(follower)).toBe(KAFKA_ERRORS.UNKNOWN_MEMBER_ID)
  })

  test('a follower that joins again without news is told the current generation, a leader starts a rebalance', async () => {
    const bench = new Bench()
    const [leader, follower] = (await bench.stable(2)) as [string, string]
    const { generationId } = bench.group
    expect(await bench.join(follower)).toMatchObject({ errorCode: 0, generationId, leader, members: [] })
    expect(bench.group.phase.name).toBe('Stable')
    const rejoining = bench.join(leader)
    expect(bench.group.phase.name).toBe('PreparingRebalance')
    await Promise.all([rejoining, bench.join(follower)])
    expect(bench.group.generationId).toBe(generationId + 1)
  })

  test('a follower with other metadata starts a rebalance', async () => {
    const bench = new Bench()
    const [, follower] = (await bench.stable(2)) as [string, string]
    void bench.join(follower, { protocols: [{ name: 'range', metadata: Buffer.from('v2') }] })
    expect(bench.group.phase.name).toBe('PreparingRebalance')
  })

  test('a member whose answer got lost may ask again before the leader has synced', async () => {
    const bench = new Bench()
    const first = await bench.join()
    expect(await bench.join('m1')).toEqual(first)
  })

  test.each([
    ['no protocol in common', { protocols: [{ name: 'other', metadata: Buffer.alloc(0) }] }],
    ['another protocol type', { protocolType: 'connect' }],
    ['no protocol at all', { protocols: [] }],
    ['no protocol type', { protocolType: '' }],
  ])('with %s is refused', async (_, more) => {
    const bench = new Bench()
    await bench.stable(1)
    expect((await bench.join('', more)).errorCode).toBe(KAFKA_ERRORS.INCONSISTENT_GROUP_PROTOCOL)
    expect(bench.group.phase.name).toBe('Stable')
  })
})

describe('electing a protocol', () => {
  const speaks = (...names: readonly string[]) => names.map((name) => ({ name }))

  test('takes the favourite of most among those all speak', () => {
    expect(electProtocol([speaks('a', 'b'), speaks('b', 'a'), speaks('b', 'a')])).toBe('b')
    expect(electProtocol([speaks('a', 'b'), speaks('c', 'b'), speaks('c', 'b')])).toBe('b')
    expect(electProtocol([speaks('a'), speaks('b')])).toBeNull()
    expect(electProtocol([])).toBeNull()
  })
})

describe('syncing', () => {
  test('followers wait for the leader, and each gets its own', async () => {
    const bench = new Bench()
    const newcomers = await (async () => {
      const first = await bench.join()
      const second = bench.join()
      return [await bench.join(first.memberId), await second] as const
    })()
    const [leader, follower] = newcomers.map(({ memberId }) => memberId) as [string, string]
    const waiting = bench.sync(follower, 2)
    expect(bench.heartbeat(follower), 'waiting for the leader is no error').toBe(KAFKA_ERRORS.NONE)
    const led = await bench.sync(leader, 2, { [leader]: 'p0', [follower]: 'p1', nobody: 'p2' })
    expect(led.assignment.toString()).toBe('p0')
    expect((await waiting).assignment.toString()).toBe('p1')
    expect((await bench.sync(follower, 2)).assignment.toString(), 'and again, if the answer was lost').toBe('p1')
  })

  test('is cut off by a rebalance', async () => {
    const bench = new Bench()
    const first = await bench.join()
    const second = bench.join()
    await Promise.all([bench.join(first.memberId), second])
    const waiting = bench.sync('m2', 2)
    void bench.join()
    expect((await waiting).errorCode).toBe(KAFKA_ERRORS.REBALANCE_IN_PROGRESS)
    expect((await bench.sync('m1', 2)).errorCode).toBe(KAFKA_ERRORS.REBALANCE_IN_PROGRESS)
  })

  test('a leader that never syncs is dropped when the rebalance timeout has passed', async () => {
    const bench = new Bench()
    const first = await bench.join()
    const second = bench.join()
    await Promise.all([bench.join(first.memberId), second])
    const waiting = bench.sync('m2', 2)
    for (let ms = 0; ms < REBALANCE_MS; ms += 5_000) {
      bench.heartbeat('m1')
      bench.pass(5_000)
    }
    expect((await waiting).errorCode).toBe(KAFKA_ERRORS.REBALANCE_IN_PROGRESS)
    expect(await bench.join('m2')).toMatchObject({ leader: 'm2', generationId: 3 })
  })

  test.each([
    ['an unknown member', 'nobody', 1, KAFKA_ERRORS.UNKNOWN_MEMBER_ID],
    ['another generation', 'm1', 7, KAFKA_ERRORS.ILLEGAL_GENERATION],
  ])('of %s is refused', async (_, memberId, generationId, errorCode) => {
    const bench = new Bench()
    await bench.stable(1)
    expect((await bench.sync(memberId, generationId)).errorCode).toBe(errorCode)
    expect(bench.heartbeat(memberId, generationId)).toBe(errorCode)
    expect(bench.group.admitCommit(memberId, generationId, bench.nowMs)).toBe(errorCode)
  })
})

describe('a session', () => {
  test('ends without a sign of life, and the others rebalance', async () => {
    const bench = new Bench()
    const [leader, follower] = (await bench.stable(2)) as [string, string]
    bench.pass(SESSION_MS - 1)
    expect(bench.heartbeat(follower)).toBe(KAFKA_ERRORS.NONE)
    bench.pass(1)
    expect(bench.heartbeat(follower)).toBe(KAFKA_ERRORS.REBALANCE_IN_PROGRESS)
    expect(bench.heartbeat(leader)).toBe(KAFKA_ERRORS.UNKNOWN_MEMBER_ID)
    expect(await bench.join(follower)).toMatchObject({ leader: follower })
  })

  test('is renewed by a commit', async () => {
    const bench = new Bench()
    const [member] = (await bench.stable(1)) as [string]
    bench.pass(SESSION_MS - 1)
    expect(bench.group.admitCommit(member, 1, bench.nowMs)).toBe(KAFKA_ERRORS.NONE)
    bench.pass(SESSION_MS - 1)
    expect(bench.heartbeat(member)).toBe(KAFKA_ERRORS.NONE)
  })

  test('does not end while the member waits for an answer of ours (G4)', async () => {
    const bench = new Bench()
    const [leader, follower] = (await bench.stable(2)) as [string, string]
    const waiting = bench.join(leader)
    bench.pass(SESSION_MS)
    expect(bench.heartbeat(follower), 'the one that did not wait is gone').toBe(KAFKA_ERRORS.UNKNOWN_MEMBER_ID)
    expect(await waiting).toMatchObject({ errorCode: 0, memberId: leader })
  })
})

describe('leaving', () => {
  test('gives the others a rebalance at once', async () => {
    const bench = new Bench()
    const [leader, follower] = (await bench.stable(2)) as [string, string]
    expect(bench.group.leave(leader, bench.nowMs)).toBe(KAFKA_ERRORS.NONE)
    expect(bench.heartbeat(follower)).toBe(KAFKA_ERRORS.REBALANCE_IN_PROGRESS)
    expect(await bench.join(follower)).toMatchObject({ leader: follower })
    expect(bench.group.leave(leader, bench.nowMs)).toBe(KAFKA_ERRORS.UNKNOWN_MEMBER_ID)
  })

  test('of the last member leaves the group empty, its offsets kept', async () => {
    const bench = new Bench()
    const [member] = (await bench.stable(1)) as [string]
    bench.group.offsets.set({ topic: 't', partition: 0, offset: 5, leaderEpoch: -1, metadata: 'note' })
    bench.group.leave(member, bench.nowMs)
    expect(bench.group.phase.name).toBe('Empty')
    expect(bench.group.offsets.get('t', 0)?.offset).toBe(5)
  })

  test('of an announced member lets the others go on', async () => {
    const bench = new Bench()
    await bench.join('', { mustKnowItsId: true })
    const joining = bench.join()
    expect(bench.group.leave('m1', bench.nowMs)).toBe(KAFKA_ERRORS.NONE)
    expect((await joining).errorCode).toBe(KAFKA_ERRORS.NONE)
  })
})

describe('a commit', () => {
  test('from outside passes while nobody is in the group, and only then', async () => {
    const bench = new Bench()
    expect(bench.group.admitCommit('', -1, bench.nowMs)).toBe(KAFKA_ERRORS.NONE)
    const [member] = (await bench.stable(1)) as [string]
    expect(bench.group.admitCommit('', -1, bench.nowMs)).toBe(KAFKA_ERRORS.UNKNOWN_MEMBER_ID)
    bench.group.leave(member, bench.nowMs)
    expect(bench.group.admitCommit('', -1, bench.nowMs)).toBe(KAFKA_ERRORS.NONE)
  })

  test('passes while a rebalance prepares, not while it completes', async () => {
    const bench = new Bench()
    const [leader, follower] = (await bench.stable(2)) as [string, string]
    const rejoining = bench.join(leader)
    expect(bench.group.admitCommit(follower, 2, bench.nowMs)).toBe(KAFKA_ERRORS.NONE)
    await Promise.all([rejoining, bench.join(follower)])
    expect(bench.group.phase.name).toBe('CompletingRebalance')
    expect(bench.group.admitCommit(follower, 3, bench.nowMs)).toBe(KAFKA_ERRORS.REBALANCE_IN_PROGRESS)
  })
})

test('a join replaced by a newer one of the same member is answered (G3)', async () => {
  const bench = new Bench()
  const [leader] = (await bench.stable(2)) as [string, string]
  const replaced = bench.join(leader)
  void bench.join(leader, { protocols: [{ name: 'range', metadata: Buffer.from('v2') }] })
  expect((await replaced).errorCode).toBe(KAFKA_ERRORS.REBALANCE_IN_PROGRESS)
})

test('disbanding answers whoever waits', async () => {
  const bench = new Bench()
  await bench.stable(2)
  const waiting = bench.join('m1')
  bench.group.disband()
  expect((await waiting).errorCode).toBe(KAFKA_ERRORS.UNKNOWN_MEMBER_ID)
})

type Act =
  | { readonly kind: 'join' | 'announce' }
  | { readonly kind: 'rejoin' | 'sync' | 'heartbeat' | 'leave'; readonly who: number }
  | { readonly kind: 'pass'; readonly ms: number }

const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('join' as const, 'announce' as const) }),
    fc.record({
      kind: fc.constantFrom('rejoin' as const, 'sync' as const, 'heartbeat' as const, 'leave' as const),
      who: fc.nat(4),
    }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 5_000, 12_000, 31_000) }),
  ),
  { maxLength: 40 },
)

test('G1 to G3 hold whatever the members do, and no request stays unanswered for ever', async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (history) => {
      const bench = new Bench()
      const known: string[] = []
      const open: Promise<JoinReply | SyncReply>[] = []
      const joins = new Map<string, number>()
      const track = (reply: Promise<JoinReply>): void => {
        const noted = reply.then((joined) => {
          if (joined.errorCode === 0) joins.set(joined.memberId, joined.generationId)
          if (joined.memberId !== '' && !known.includes(joined.memberId)) known.push(joined.memberId)
          return joined
        })
        open.push(noted)
      }
      for (const act of history) {
        const generationBefore = bench.group.generationId
        const phaseBefore = bench.group.phase.name
        const who = 'who' in act ? (known[act.who] ?? '') : ''
        if (act.kind === 'join') track(bench.join())
        else if (act.kind === 'announce') track(bench.join('', { mustKnowItsId: true }))
        else if (act.kind === 'rejoin') track(bench.join(who === '' ? 'nobody' : who))
        else if (act.kind === 'sync') open.push(bench.sync(who, bench.group.generationId))
        else if (act.kind === 'heartbeat') bench.heartbeat(who)
        else if (act.kind === 'leave') bench.group.leave(who, bench.nowMs)
        else if (act.kind === 'pass') bench.pass(act.ms)
        await new Promise(setImmediate)
        const { generationId, phase, roster } = bench.group
        expect(generationId).toBeGreaterThanOrEqual(generationBefore)
        if (generationId > generationBefore)
          expect(['CompletingRebalance', 'Empty', 'Stable']).toContain(phase.name) // G1
        else if (phaseBefore === 'PreparingRebalance') expect(phase.name).toBe('PreparingRebalance')
        if (phase.name === 'CompletingRebalance' || phase.name === 'Stable')
          for (const { id } of roster.members) expect(joins.get(id)).toBe(generationId) // G2
        expect(phase.name === 'Empty').toBe(roster.isEmpty)
      }
      for (let i = 0; i < 4; i++) bench.pass(REBALANCE_MS + SESSION_MS)
      await Promise.all(open) // G3
    }),
    { numRuns: 150 },
  )
})
