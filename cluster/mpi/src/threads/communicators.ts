/** How communicators of threads come to be: their members agree on who belongs to one, and on the numbers of its contexts. */

import type { Collective } from '../engine.ts'
import { MpiError } from '../errors.ts'
import type { Kit, Steps } from './collectives/kit.ts'
import type { Exchange } from './exchange.ts'
import { contextsEach, mostCommunicators } from './holdings.ts'
import * as at from './world-block.ts'

/** Ranks that can agree on something. */
export interface Members {
  readonly exchange: Exchange
  readonly name?: string
  readonly rank: number
  readonly size: number
  /** Carries out steps that all of them take. @param call what they are part of, for reports */
  drive(is: Collective['is'], steps: (kit: Kit) => Steps, call?: string): void
  /** Carries out steps that only some take. */
  driveApart(tag: number, steps: (kit: Kit) => Steps): void
}

/** Numbers of contexts that nobody has. */
export const newContexts = (port: Members, communicators: number): number =>
  Atomics.add(port.exchange.views.c, at.nextContext, contextsEach * communicators)

/** @throws MpiError before anything is said, if this rank has as many as there may be */
export function checkRoom({ exchange, rank, name }: Members, call: string): void {
  if (exchange.holdings.count < mostCommunicators) return
  const problem = `this rank has ${mostCommunicators} communicators, which is all there may be at a time. Free those that are done with; one that is dropped counts until the event loop has turned`
  throw new MpiError('MPI_ERR_OTHER', { call, rank, comm: name ?? 'its communicator' }, problem)
}

const words = (...numbers: number[]): Int32Array => Int32Array.from(numbers)
const bytes = ({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)

/** What each rank says, by rank. */
export function allSay(port: Members, call: string, said: readonly number[]): number[][] {
  const all = new Int32Array(said.length * port.size)
  const block = (rank: number) => all.subarray(rank * said.length, (rank + 1) * said.length)
  block(port.rank).set(said)
  port.drive(
    'allgather',
    function* (kit) {
      const { rank, size } = kit
      for (let turn = 1; turn < size; turn++) {
        const sending = kit.send((rank + turn) % size, bytes(block(rank)), turn)
        yield kit.receive((rank - turn + size) % size, bytes(block((rank - turn + size) % size)), turn)
        yield sending
      }
    },
    call,
  )
  return Array.from({ length: port.size }, (_, rank) => [...block(rank)])
}

/** What rank 0 says. */
export function firstSays(port: Members, call: string, say: () => number): number {
  // An address may not fit into a word.
  const said = Float64Array.of(port.rank === 0 ? say() : 0)
  const bytes = new Uint8Array(said.buffer)
  port.drive(
    'bcast',
    function* (kit) {
      if (kit.rank > 0) yield kit.receive(0, bytes)
      else for (let rank = 1; rank < kit.size; rank++) yield kit.send(rank, bytes)
    },
    call,
  )
  return said[0]
}

/** Ranks of each color that was said, in the order of their keys; in the order of colors. */
export function grouped(said: readonly number[][]): { color: number; ranks: number[] }[] {
  const colors = [...new Set(said.filter(([has]) => has === 1).map(([, color]) => color))].sort((a, b) => a - b)
  return colors.map(color => ({
    color,
    ranks: said
      .flatMap(([has, c], rank) => (has === 1 && c === color ? [rank] : []))
      .sort((a, b) => said[a][2] - said[b][2] || a - b),
  }))
}

/** Two leaders, known to each other in `peer`, tell each other numbers. */
export function leadersSay(peer: Members, other: number, tag: number, said: readonly number[]): number[] {
  const length = words(0)
  const heard: { numbers?: Int32Array } = {}
  peer.driveApart(tag, function* (kit: Kit): Steps {
    const sendings = [kit.send(other, bytes(words(said.length))), kit.send(other, bytes(words(...said)))]
    yield kit.receive(other, bytes(length))
    heard.numbers = new Int32Array(length[0])
    yield kit.receive(other, bytes(heard.numbers))
    for (const sending of sendings) yield sending
  })
  return [...heard.numbers!]
}

/** What the leader says, to all of its group; of a length that only it knows. */
export function leaderSays(port: Members, call: string, leader: number, said: readonly number[]): number[] {
  const length = words(said.length)
  let numbers = words(...said)
  port.drive(
    'bcast',
    function* (kit) {
      if (kit.rank !== leader) {
        yield kit.receive(leader, bytes(length))
        numbers = new Int32Array(length[0])
        yield kit.receive(leader, bytes(numbers))
        return
      }
      for (let rank = 0; rank < kit.size; rank++) {
        if (rank === leader) continue
        yield kit.send(rank, bytes(length))
        yield kit.send(rank, bytes(numbers))
      }
    },
    call,
  )
  return [...numbers]
}
