/** A contender's part in a round. */
export type Turn<Ground, Outcome> = (ground: Ground) => Promise<Outcome>

/**
 * Runs rounds, every contender once in each. Who goes first changes from round to round, so that what a machine does to
 * the second does not always hit the same one.
 *
 * @param prepare Makes what one round stands on; it is disposed after the round.
 * @returns What the turns of each contender gave, in the order of the rounds.
 */
export async function alternate<Ground extends AsyncDisposable, Name extends string, Outcome>(
  rounds: number,
  prepare: () => Promise<Ground>,
  turns: Readonly<Record<Name, Turn<Ground, Outcome>>>,
): Promise<Readonly<Record<Name, readonly Outcome[]>>> {
  const names = Object.keys(turns) as Name[]
  const outcomes = Object.fromEntries(names.map((name) => [name, [] as Outcome[]])) as Record<Name, Outcome[]>
  for (let round = 0; round < rounds; round += 1) {
    await using ground = await prepare()
    for (const name of round % 2 === 0 ? names : names.toReversed()) outcomes[name].push(await turns[name](ground))
  }
  return outcomes
}
