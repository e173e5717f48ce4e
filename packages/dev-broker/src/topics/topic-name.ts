const LEGAL_NAME = /^[a-zA-Z0-9._-]+$/
const MAX_NAME_LENGTH = 249

/** Why Kafka refuses a topic name, or null when it is legal. */
export function topicNameFault(name: string): string | null {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.' || name === '..') return `'${name}' is not allowed`
  if (name.length > MAX_NAME_LENGTH)
    return `the length of '${name}' is longer than the max allowed length ${MAX_NAME_LENGTH}`
  if (!LEGAL_NAME.test(name))
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  return null
}

/** Two names that differ only in '.' and '_' collide in Kafka's metric names, so it refuses the second. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_')
}
