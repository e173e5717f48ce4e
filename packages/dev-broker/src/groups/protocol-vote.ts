type Preferences = readonly { readonly name: string }[]

/** The protocols every member speaks, in the first member's order. */
export function commonProtocols(members: readonly Preferences[]): readonly string[] {
  const [first, ...others] = members
  if (first === undefined) return []
  return first
    .map((protocol) => protocol.name)
    .filter((name) => others.every((preferences) => preferences.some((protocol) => protocol.name === name)))
}

/** Each member votes for the one it likes best of those all speak; the most votes win, the earlier common one a tie. */
export function electProtocol(members: readonly Preferences[]): string | null {
  const candidates = commonProtocols(members)
  const votes = new Map(candidates.map((name) => [name, 0]))
  for (const preferences of members) {
    const favourite = preferences.find((protocol) => votes.has(protocol.name))
    if (favourite !== undefined) votes.set(favourite.name, (votes.get(favourite.name) ?? 0) + 1)
  }
  let winner: string | null = null
  for (const [name, count] of votes) if (winner === null || count > (votes.get(winner) ?? 0)) winner = name
  return winner
}
