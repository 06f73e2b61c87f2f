/** The launcher's side of `spawn.ts`: it is woken when a rank asks for more of them, and answers. */

import { heap } from '@skein/heap'
import type { Ranks } from '../ranks.ts'
import { Views } from '../views.ts'
import { layoutOf, type WorldStart } from '../world-block.ts'
import { answer, asked, askedBy, type SpawnRequest, takeText, writeText } from './request.ts'

/** @returns what ends it, before the block is given back */
export function answerRequests(world: WorldStart, ranks: Ranks): () => void {
  const layout = layoutOf(world)
  const c = heap.view(Int32Array, world.address, layout.words)
  const f = heap.view(Float64Array, world.address, layout.words / 2)
  // Only to wake others.
  const views = new Views(world, 0)
  let answered = 0
  let isOver = false
  const listen = (): void => {
    if (isOver || ranks.isOver) return
    const seen = Atomics.load(c, asked)
    if (seen !== answered) {
      answered = seen
      respond()
    }
    const waiting = Atomics.waitAsync(c, asked, seen)
    if (waiting.async) void waiting.value.then(listen)
    else queueMicrotask(listen)
  }
  const respond = (): void => {
    let first: number
    try {
      first = ranks.spawn(JSON.parse(takeText(f)) as SpawnRequest)
    } catch (error) {
      writeText(error instanceof Error ? error.message : String(error), f)
      first = -2
    }
    Atomics.store(c, answer, first + 1)
    views.wake(Atomics.load(c, askedBy))
  }
  listen()
  return () => {
    isOver = true
    Atomics.notify(c, asked)
  }
}
