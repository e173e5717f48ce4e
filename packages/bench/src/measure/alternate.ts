export interface RoundPlan {
  /** That count. */
  readonly rounds: number
  /** That come before and do not. */
  readonly warmUps: number
}

/**
 * Runs rounds, every contender once in each. Who goes first changes from round to round, so that what a machine does to
 * the second does not always hit the same one.
 *
 * @param prepare Makes what one round stands on; it is disposed after the round.
 * @returns What the turns of each contender gave, in the order of the rounds.
 */
export async function alternate<Ground extends AsyncDisposable, Name extends string, Outcome>(
  { rounds, warmUps }: RoundPlan,
  prepare: () => Promise<Ground>,
  turns: Readonly<Record<Name, (ground: Ground) => Promise<Outcome>>>,
): Promise<Readonly<Record<Name, readonly Outcome[]>>> {
  const names = Object.keys(turns) as Name[]
  const kept = Object.fromEntries(names.map((name) => [name, [] as Outcome[]])) as Record<Name, Outcome[]>
  for (let round = 0; round < warmUps + rounds; round += 1) {
    await using ground = await prepare()
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const outcome = await turns[name](ground)
      if (round >= warmUps) kept[name].push(outcome)
    }
  }
  return kept
}
