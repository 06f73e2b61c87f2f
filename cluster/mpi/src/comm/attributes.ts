/** What libraries attach to communicators, and what becomes of it when one is duplicated or freed. */

import { ArgumentError } from '@skein/base'

export interface KeyOptions<V, C> {
  /** What a duplicate gets; undefined: nothing. Left out: nothing is copied. */
  readonly copy?: (comm: C, value: V) => V | undefined
  /** It is removed, replaced, or its communicator freed. */
  readonly delete?: (comm: C, value: V) => void
}

/** A key that an attribute is kept under. */
export class AttributeKey<V = unknown> {
  readonly options: KeyOptions<V, any>
  isFree = false

  constructor(options: KeyOptions<V, any> = {}) {
    for (const call of [options.copy, options.delete]) {
      if (call !== undefined && typeof call !== 'function')
        throw new ArgumentError('AttributeKey', 'a callback', 'a function', call)
    }
    this.options = options
  }

  /** For `copy`: the duplicate has the same value. */
  static readonly same = <V>(_comm: unknown, value: V): V => value

  /** No new attribute is kept under it; those that there are stay. */
  free(): void {
    this.isFree = true
  }
}

export class Attributes<C extends { readonly isFree: boolean }> {
  readonly #comm: C
  readonly #values = new Map<AttributeKey<any>, unknown>()

  constructor(comm: C) {
    this.#comm = comm
  }

  get<V>(key: AttributeKey<V>): V | undefined {
    return this.#values.get(checked('get', key)) as V | undefined
  }

  set<V>(key: AttributeKey<V>, value: V): void {
    if (checked('set', key).isFree) throw new ArgumentError('attributes.set', 'the key', 'one that is not freed', key)
    if (this.#comm.isFree) throw new ArgumentError('attributes.set', 'what it is attached to', 'alive', 'freed')
    this.delete(key)
    this.#values.set(key, value)
  }

  /** @returns whether there was one */
  delete(key: AttributeKey<any>): boolean {
    if (!this.#values.has(checked('delete', key))) return false
    // If its callback throws, it stays.
    key.options.delete?.(this.#comm, this.#values.get(key))
    return this.#values.delete(key)
  }

  /** What a duplicate of the communicator gets. */
  copyTo(other: Attributes<any>): void {
    for (const [key, value] of this.#values) {
      const copy = key.options.copy?.(this.#comm, value)
      if (copy !== undefined) other.#values.set(key, copy)
    }
  }

  /** The last one set goes first. */
  deleteAll(): void {
    for (const key of [...this.#values.keys()].reverse()) this.delete(key)
  }
}

function checked<V>(call: string, key: AttributeKey<V>): AttributeKey<V> {
  if (!(key instanceof AttributeKey)) throw new ArgumentError(`attributes.${call}`, 'the key', 'an AttributeKey', key)
  return key
}
