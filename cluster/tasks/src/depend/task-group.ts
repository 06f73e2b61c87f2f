/** Tasks that are waited for together. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { ArgumentError } from '@skein/base'
import { watchCalls } from '../definition.ts'
import { engineHere } from '../engine.ts'
import type { Ref } from '../ref.ts'

const groups = new AsyncLocalStorage<Group>()
let isWatching = false

class Group {
  readonly #parent: Group | undefined
  /** Of this group and those in it. */
  readonly #open = new Set<Ref<unknown>>()
  #failure: { readonly thrown: unknown } | undefined
  #wake: (() => void) | undefined

  constructor(parent: Group | undefined) {
    this.#parent = parent
  }

  /** @param isOwn false: it belongs to a group inside this one, which deals with its failure */
  add(ref: Ref<unknown>, isOwn = true): void {
    this.#parent?.add(ref, false)
    if (this.#failure !== undefined) this.#cancel(ref)
    const { source } = ref
    const settled = () => {
      this.#open.delete(ref)
      if (isOwn && source.settlement === 'rejected') this.fail(source.outcome())
      if (this.#open.size === 0) this.#wake?.()
    }
    if (source.settlement !== 'pending') return settled()
    this.#open.add(ref)
    source.whenSettled(settled)
  }

  /** The first failure counts; it ends whatever is under way. */
  fail(thrown: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = { thrown }
    for (const ref of [...this.#open]) this.#cancel(ref)
  }

  async close(): Promise<void> {
    while (this.#open.size > 0) await new Promise<void>(resolve => (this.#wake = resolve))
    if (this.#failure !== undefined) throw this.#failure.thrown
  }

  #cancel(ref: Ref<unknown>): void {
    engineHere().cancel(ref, {}, 'another task of its group failed')
  }
}

/**
 * Runs a function and waits for every task that it starts, and what these functions start here: OpenMP's `taskgroup`. When one of
 * them fails, or the function throws, the others are cancelled, and the group fails with that error once all have settled.
 *
 *     await taskGroup(() => {
 *       for (const block of blocks) depend({ inout: block }, factor)(block)
 *     })
 *
 * A task that starts others on its worker waits for them itself, in a group of its own if it likes.
 *
 * @returns what the function returns
 * @throws (rejects with) what the first task failed with
 */
export async function taskGroup<T>(body: () => T | PromiseLike<T>): Promise<T> {
  if (typeof body !== 'function') throw new ArgumentError('taskGroup', 'body', 'a function', body)
  if (!isWatching) watchCalls(ref => groups.getStore()?.add(ref))
  isWatching = true
  const group = new Group(groups.getStore())
  let result: T | undefined
  try {
    result = await groups.run(group, body)
  } catch (error) {
    group.fail(error)
  }
  await group.close()
  return result as T
}
