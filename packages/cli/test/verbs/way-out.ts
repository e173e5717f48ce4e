/** Lines that tell an error: of the call, of a line of its input, or of a task it was to change. */
const ERROR_LINE = /^(?:error|line \d+|\S+\/\d+ (?:refused|failed)): |^TOWLINE_/
/** What commander adds below a wrong call. */
const USAGE_HINT = '(--help shows how it is used)'
const COMMAND = /`[^`]+`|\btowline [a-z]+|\bkafka-configs --/
const IMPERATIVES =
  'add|ask|await|change|check|choose|connect|copy|correct|create|export|free|give|go|grant|leave|list|make|name|narrow|pass|pin|plan|publish|purge|put|raise|read|register|restore|return|run|say|see|set|shorten|start|stop|use|wait|write'
const IMPERATIVE = new RegExp(`^(?:${IMPERATIVES})\\b`, 'i')

/** The errors of a stderr that do not say what to do: no command to type, no clause that begins with an imperative. */
export function errorsWithoutWayOut(stderr: string): readonly string[] {
  const lines = stderr.split('\n')
  return lines.filter((line, at) => ERROR_LINE.test(line) && lines[at + 1] !== USAGE_HINT && !hasWayOut(line))
}

function hasWayOut(line: string): boolean {
  const [, ...wayOut] = line.split('. ')
  return wayOut.some((sentence) => COMMAND.test(sentence) || sentence.split(/[:;,] /).some(isImperative))
}

function isImperative(clause: string): boolean {
  return IMPERATIVE.test(clause)
}
