/**
 * Ranks that are started later. Who started the first ones starts these as well, for it is told when one of them fails: a rank asks it through the block, and is
 * woken when they have begun. A program that nobody launched, a world of one rank, starts them itself.
 */

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { SpawnedProgram } from '../../engine.ts'
import type { Exchange } from '../exchange.ts'
import { Mismatch } from '../mismatch.ts'
import type { Parent } from '../world-block.ts'
import { answer, asked, askedBy, isAsked, type SpawnRequest, takeText, writeText } from './request.ts'

/** @returns the new ranks' numbers. @throws Mismatch when they cannot be started */
export function spawnRanks(exchange: Exchange, programs: readonly SpawnedProgram[], parent: Parent): number[] {
  const request: SpawnRequest = {
    programs: programs.map(({ file, args, ranks }) => ({ file, args, ranks })),
    env: { ...process.env },
    parent,
  }
  const count = programs.reduce((sum, { ranks }) => sum + ranks, 0)
  const first = exchange.views.layout.hasLauncher ? ask(exchange, request) : startHere(exchange, request)
  return Array.from({ length: count }, (_, index) => first + index)
}

function startHere({ views }: Exchange, request: SpawnRequest): number {
  // It is loaded when it is needed, and without waiting: the call blocks.
  const load = createRequire(import.meta.url)
  const { startHere }: typeof import('../launch.ts') = load(fileURLToPath(import.meta.resolve('../launch.ts')))
  try {
    return startHere(views.layout, request)
  } catch (error) {
    throw new Mismatch('MPI_ERR_SPAWN', error instanceof Error ? error.message : String(error))
  }
}

function ask(exchange: Exchange, request: SpawnRequest): number {
  const { views } = exchange
  const { c, f, layout } = views
  exchange.waitUntil(
    () => Atomics.compareExchange(c, isAsked, 0, 1) === 0,
    () => 'waits in spawn, for another rank that spawns',
  )
  writeText(JSON.stringify(request), f)
  Atomics.store(c, askedBy, exchange.rank)
  Atomics.store(c, answer, 0)
  Atomics.add(c, asked, 1)
  Atomics.notify(c, asked)
  exchange.waitUntil(
    () => Atomics.load(c, answer) !== 0,
    () => 'waits in spawn, for the launcher',
  )
  const first = Atomics.load(c, answer) - 1
  const problem = first < 0 ? takeText(f) : undefined
  Atomics.store(c, isAsked, 0)
  // Nobody wrote down who waits to be next.
  for (let rank = 0; rank < layout.universe; rank++) views.wake(rank)
  if (problem !== undefined) throw new Mismatch('MPI_ERR_SPAWN', problem)
  return first
}
