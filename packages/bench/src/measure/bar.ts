/** What a bench is held to. */
export interface Bar {
  readonly name: string
  readonly value: number
  readonly is: 'at-least' | 'at-most'
  readonly bound: number
  readonly ok: boolean
}

/** A value that is not a number is short of every bound. */
export function atLeast(name: string, value: number, bound: number): Bar {
  return { name, value, is: 'at-least', bound, ok: value >= bound }
}

/** As {@link atLeast}. */
export function atMost(name: string, value: number, bound: number): Bar {
  return { name, value, is: 'at-most', bound, ok: value <= bound }
}
