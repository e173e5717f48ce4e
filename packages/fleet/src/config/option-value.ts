import { TowlineError } from '@towline/contracts'
import { CONFIG_OPTIONS, type OptionName, type OptionValues } from './config-options.ts'

/** Where the value of an option came from. */
export type OptionOrigin =
  | { readonly kind: 'flag' }
  | { readonly kind: 'environment' }
  | { readonly kind: 'file'; readonly file: string }

/**
 * Reads one value of an option.
 *
 * @throws TowlineError TOWLINE_CONFIG_INVALID when the file holds a value out of bounds, TOWLINE_OPTION_INVALID when a
 * flag or a variable does. It names the option, the variable, the value (never a secret) and the bound.
 */
export function readOption<Name extends OptionName>(
  name: Name,
  raw: unknown,
  origin: OptionOrigin,
): OptionValues[Name] {
  const option = CONFIG_OPTIONS[name]
  const parsed = option.schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const value = option.isSecret === true ? '(hidden)' : shownValue(raw)
  throw new TowlineError(
    origin.kind === 'file' ? 'TOWLINE_CONFIG_INVALID' : 'TOWLINE_OPTION_INVALID',
    `${name} must be ${option.bound}, got ${value} (${originText(name, origin)})`,
    { value, bound: option.bound, wayOut: waysToSet(name) },
  )
}

/** The value as an error may show it: short, one line, credentials in URLs blanked. */
export function shownValue(raw: unknown): string {
  const json = JSON.stringify(raw, (_key, value: unknown) => (typeof value === 'function' ? '[function]' : value))
  const text = (json ?? String(raw)).replace(/"([^"]*:[^"]*)@/g, hideCredentials)
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`
}

/** `user:password@` however it is misspelt: without a scheme, or with characters that no URL may hold. */
function hideCredentials(_text: string, before: string): string {
  const scheme = /^[a-z]+:\/\//i.exec(before)?.[0] ?? ''
  return `"${scheme}(hidden)@`
}

function originText(name: OptionName, origin: OptionOrigin): string {
  const option = CONFIG_OPTIONS[name]
  switch (origin.kind) {
    case 'flag':
      return `flag ${option.flag ?? name}`
    case 'environment':
      return `variable ${option.variable}`
    case 'file':
      return `option ${name} of ${origin.file}`
  }
}

function waysToSet(name: OptionName): string {
  const option = CONFIG_OPTIONS[name]
  const flag = option.flag === undefined ? [] : [`flag ${option.flag}`]
  return `Set it by ${[...flag, `variable ${option.variable}`, `option ${name} of towline.config.ts`].join(', ')}`
}
