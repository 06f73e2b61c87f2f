/** Collectives along the edges of a topology (MPI-4.0, 8.6). */

import type { Collective, Part } from '../../engine.ts'
import { type Kit, lanes, type Steps } from './kit.ts'
import { blockOf, landing, outgoing, partOf, typedPartOf } from './wire.ts'

/** Those it has edges from and to; -2 is nobody. `lane` tells edges between the same two ranks apart: what one sends on, the other receives on. */
export interface Edges {
  readonly sources: readonly number[]
  readonly destinations: readonly number[]
  readonly sendLanes: readonly number[]
  readonly receiveLanes: readonly number[]
}

/** Along a dimension, what one sends up comes to the next from below. */
export function edgesOfGrid(neighbors: readonly number[]): Edges {
  const up = neighbors.map((_, i) => i % lanes)
  return { sources: neighbors, destinations: neighbors, sendLanes: up, receiveLanes: up.map(lane => lane ^ 1) }
}

/** The k-th edge from one rank to another is the other's k-th from it. */
export function edgesOfGraph(sources: readonly number[], destinations: readonly number[]): Edges {
  const numbered = (ranks: readonly number[]) =>
    ranks.map((rank, i) => ranks.slice(0, i).filter(other => other === rank).length % lanes)
  return { sources, destinations, sendLanes: numbered(destinations), receiveLanes: numbered(sources) }
}

function* along(kit: Kit, edges: Edges, sends: (edge: number) => Part, receives: (edge: number) => Part): Steps {
  const { sources, destinations, sendLanes, receiveLanes } = edges
  const sendings = destinations.map((to, i) => (to >= 0 ? kit.send(to, outgoing(sends(i)), sendLanes[i]) : undefined))
  for (let i = 0; i < sources.length; i++) {
    if (sources[i] < 0) continue
    const land = landing(receives(i))
    yield kit.receive(sources[i], land.bytes, receiveLanes[i])
    land.settle()
  }
  for (const sending of sendings) if (sending) yield sending
}

export function algorithmAlong(kit: Kit, edges: Edges, collective: Collective): Steps {
  switch (collective.is) {
    case 'neighborAllgather':
      return along(
        kit,
        edges,
        () => collective.send!,
        from => blockOf(collective.recv, from),
      )
    case 'neighborAllgatherv':
      return along(
        kit,
        edges,
        () => collective.send!,
        from => partOf(collective.recv, from),
      )
    case 'neighborAlltoall':
      return along(
        kit,
        edges,
        to => blockOf(collective.send!, to),
        from => blockOf(collective.recv, from),
      )
    case 'neighborAlltoallv':
      return along(
        kit,
        edges,
        to => partOf(collective.send!, to),
        from => partOf(collective.recv, from),
      )
    case 'neighborAlltoallw':
      return along(
        kit,
        edges,
        to => typedPartOf(collective.send!, to),
        from => typedPartOf(collective.recv, from),
      )
    default:
      throw new Error(`${collective.is} does not go along edges`)
  }
}
