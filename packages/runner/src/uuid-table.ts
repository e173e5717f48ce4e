// The newest ids of a partition, each with a number. Pure.
//
// A Map of strings does the same, but every id lives on in it for ten thousand tasks: long enough to be moved by the garbage
// collector, twice. Here an id is its 16 bytes in flat arrays that no collector looks into.
//   U1. get() of an id is the highest number raised for it since it came in, 0 once it has left.
//   U2. At most `capacity` ids stay; the one that came in first leaves first.

const ID_WORDS = 4
const FIRST_ROOM = 64

export class UuidTable {
  readonly #capacity: number
  /** Four words of each id, in the order they came in; a ring once `capacity` of them have. */
  #words: Uint32Array
  #numbers: Float64Array
  /** Open addressing with linear probing, at most half full: 0 is free, else 1 + the place of an id. */
  #slots: Int32Array
  #size = 0
  #next = 0
  /** The id that was last parsed. */
  readonly #asked = new Uint32Array(ID_WORDS)

  /** @param capacity At least 1. */
  constructor(capacity: number) {
    const room = Math.min(capacity, FIRST_ROOM)
    this.#capacity = capacity
    this.#words = new Uint32Array(room * ID_WORDS)
    this.#numbers = new Float64Array(room)
    this.#slots = new Int32Array(slotsFor(room))
  }

  get size(): number {
    return this.#size
  }

  /** @param id A UUID as text, 36 lower-case characters. */
  get(id: string): number {
    parseUuid(id, this.#asked)
    const place = this.#slots[this.#find()] as number
    return place === 0 ? 0 : (this.#numbers[place - 1] as number)
  }

  /** @param number Above 0. */
  raise(id: string, number: number): void {
    parseUuid(id, this.#asked)
    const place = this.#slots[this.#find()] as number
    if (place === 0) this.#insert(number)
    else if (number > (this.#numbers[place - 1] as number)) this.#numbers[place - 1] = number
  }

  #insert(number: number): void {
    if (this.#size === this.#capacity) this.#remove(this.#next)
    else if (this.#size === this.#numbers.length) this.#grow()
    const place = this.#next
    this.#words.set(this.#asked, place * ID_WORDS)
    this.#numbers[place] = number
    this.#slots[this.#find()] = place + 1
    this.#size += 1
    this.#next = place + 1 === this.#capacity ? 0 : place + 1
  }

  /** The slot of the asked id, or the free one where it would stand. */
  #find(): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(this.#asked, 0) & mask
    for (let place = this.#slots[slot] as number; place !== 0; place = this.#slots[slot] as number) {
      if (this.#isAsked(place - 1)) return slot
      slot = (slot + 1) & mask
    }
    return slot
  }

  #isAsked(place: number): boolean {
    const at = place * ID_WORDS
    for (let word = 0; word < ID_WORDS; word += 1) if (this.#words[at + word] !== this.#asked[word]) return false
    return true
  }

  /** Frees the slot of the id at `place`, and moves up what stands behind it, so that nothing is cut off (Knuth, 6.4 R). */
  #remove(place: number): void {
    const mask = this.#slots.length - 1
    let free = this.#homeOf(place)
    while (this.#slots[free] !== place + 1) free = (free + 1) & mask
    this.#slots[free] = 0
    this.#size -= 1
    for (let slot = (free + 1) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const behind = this.#slots[slot] as number
      const distance = (slot - this.#homeOf(behind - 1)) & mask
      if (distance < ((slot - free) & mask)) continue
      this.#slots[free] = behind
      this.#slots[slot] = 0
      free = slot
    }
  }

  #homeOf(place: number): number {
    return hashOf(this.#words, place * ID_WORDS) & (this.#slots.length - 1)
  }

  #grow(): void {
    const room = Math.min(this.#numbers.length * 2, this.#capacity)
    const words = new Uint32Array(room * ID_WORDS)
    const numbers = new Float64Array(room)
    words.set(this.#words)
    numbers.set(this.#numbers)
    this.#words = words
    this.#numbers = numbers
    this.#slots = new Int32Array(slotsFor(room))
    const mask = this.#slots.length - 1
    for (let place = 0; place < this.#size; place += 1) {
      let slot = this.#homeOf(place)
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = place + 1
    }
  }
}

function slotsFor(room: number): number {
  return 2 ** Math.ceil(Math.log2(room * 2))
}

/** All four words: of a UUIDv7 the first are its time, of an id that somebody else made any may be constant. */
function hashOf(words: Uint32Array, at: number): number {
  let hash = Math.imul((words[at] as number) ^ (words[at + 1] as number), 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 15) ^ (words[at + 2] as number), 0x85ebca6b)
  return hash ^ (hash >>> 13) ^ (words[at + 3] as number)
}

const DASH = 0x2d

/** `0`–`9` and `a`–`f` alone stand between the dashes. */
function parseUuid(id: string, into: Uint32Array): void {
  let word = 0
  let digits = 0
  for (let at = 0; at < id.length; at += 1) {
    const code = id.charCodeAt(at)
    if (code === DASH) continue
    word = (word << 4) | (code < 0x40 ? code & 15 : (code & 15) + 9)
    digits += 1
    if ((digits & 7) === 0) into[(digits >> 3) - 1] = word
  }
}
