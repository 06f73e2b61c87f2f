/**
 * Numbers for keys: 0, 1, 2 … in the order in which the keys come.
 *
 * Keys are mostly short strings, made a moment ago. A Map hashes such a string outside of compiled code, and that would take more time than all
 * else that a count does with an item. So short strings have a table of their own, with open addressing:
 *
 *     a place: hash, number of the key + 1 (0: free)
 *
 * A key lies at its hash, or in the first free place after it. One that would lie too far from it, and all that is no short string, is in a Map.
 */

import { type Canonical, canonical, hashOf, hashOfText } from './key.ts'

/** The Map's hash reads long strings many characters at a time, and then it is sooner done. */
const longestShort = 32
/** Places that are looked into. In a table at most half full, keys that lie farther are rare, unless they were chosen to collide. */
const reach = 32

export class KeyIndex {
  /** By number. */
  readonly keys: unknown[] = []
  readonly #hashes: number[] = []
  #places = new Int32Array(2 * 64)
  #inPlaces = 0
  readonly #others = new Map<Canonical, number>()

  /** The number of a key that is here, otherwise -1. @throws ArgumentError for what is no key */
  find(key: unknown): number {
    return isShort(key) ? this.#findText(key, hashOfText(key)) : (this.#others.get(canonical(key)) ?? -1)
  }

  /** The number of a key, which is the next one when it was not here. @throws ArgumentError for what is no key */
  enter(key: unknown): number {
    if (isShort(key)) {
      const hash = hashOfText(key)
      const found = this.#findText(key, hash)
      return found >= 0 ? found : this.#enterText(key, hash)
    }
    const name = canonical(key)
    let number = this.#others.get(name)
    if (number === undefined) this.#others.set(name, (number = this.#append(key, hashOf(name))))
    return number
  }

  /** Which of so many buckets a key belongs to. */
  bucketOf(number: number, buckets: number): number {
    return (this.#hashes[number] >>> 0) % buckets
  }

  #append(key: unknown, hash: number): number {
    this.#hashes.push(hash)
    return this.keys.push(key) - 1
  }

  #findText(text: string, hash: number): number {
    const places = this.#places
    const mask = places.length - 1
    for (let i = (hash << 1) & mask, left = reach; left > 0; i = (i + 2) & mask, left--) {
      const number = places[i + 1]
      if (number === 0) return -1
      if (places[i] === hash && this.keys[number - 1] === text) return number - 1
    }
    return this.#others.get(canonical(text)) ?? -1
  }

  #enterText(text: string, hash: number): number {
    const number = this.#append(text, hash)
    if (4 * ++this.#inPlaces <= this.#places.length) this.#place(number)
    else {
      this.#places = new Int32Array(4 * this.#places.length)
      for (let other = 0; other <= number; other++) if (isShort(this.keys[other])) this.#place(other)
    }
    return number
  }

  #place(number: number): void {
    const places = this.#places
    const mask = places.length - 1
    const hash = this.#hashes[number]
    for (let i = (hash << 1) & mask, left = reach; left > 0; i = (i + 2) & mask, left--) {
      if (places[i + 1] !== 0) continue
      places[i] = hash
      places[i + 1] = number + 1
      return
    }
    this.#others.set(canonical(this.keys[number]), number)
  }
}

const isShort = (key: unknown): key is string => typeof key === 'string' && key.length <= longestShort
