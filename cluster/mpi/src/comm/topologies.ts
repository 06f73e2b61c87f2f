/** The arguments of topologies, checked; and what follows from graphs. */

import type { Neighbors } from '../engine.ts'
import { checkInteger, refusal } from '../message/refusal.ts'
import { Grid } from './grid.ts'
import type { Member } from './roots.ts'

/** @param periods none: no dimension is a ring */
export function gridOf(comm: Member, dims: readonly number[], periods: readonly boolean[]): Grid {
  const lengths = [...dims]
  if (lengths.some(length => !Number.isInteger(length) || length < 1))
    throw refusal(comm, 'cart', 'MPI_ERR_DIMS', 'dims', 'whole numbers from 1 on', lengths)
  const needed = lengths.reduce((a, b) => a * b, 1)
  if (needed > comm.size) {
    const expected = `${comm.size} at most, the ranks there are`
    throw refusal(comm, 'cart', 'MPI_ERR_DIMS', 'the product of dims', expected, needed)
  }
  if (periods.length !== 0 && periods.length !== lengths.length) {
    const expected = `${lengths.length} of them, one for each dimension`
    throw refusal(comm, 'cart', 'MPI_ERR_DIMS', 'periods', expected, periods)
  }
  return new Grid(
    lengths,
    lengths.map((_, d) => periods[d] ?? false),
  )
}

/** The edges of a graph of which all is known. */
export class GraphShape {
  readonly index: readonly number[]
  readonly edges: readonly number[]

  constructor(index: readonly number[], edges: readonly number[]) {
    this.index = index
    this.edges = edges
  }

  neighbors(node: number): number[] {
    return this.edges.slice(node === 0 ? 0 : this.index[node - 1], this.index[node])
  }

  /** Nodes with an edge to this one: as often as they have one. */
  sources(node: number): number[] {
    const own = this.neighbors(node)
    const all = this.index.flatMap((_, from) => this.neighbors(from).flatMap(to => (to === node ? [from] : [])))
    // In a symmetric graph, as MPI wants one to be, they come in the order of its own edges.
    const isSame = own.length === all.length && [...own].sort().join() === [...all].sort().join()
    return isSame ? own : all
  }
}

export function shapeOf(comm: Member, index: readonly number[], edges: readonly number[]): GraphShape {
  const nodes = index.length
  const isRising = index.every((end, node) => Number.isInteger(end) && end >= (node === 0 ? 0 : index[node - 1]))
  if (nodes > comm.size || !isRising || (index.at(-1) ?? 0) !== edges.length) {
    const expected = `up to ${comm.size} rising numbers, the last ${edges.length}, the edges`
    throw refusal(comm, 'graph', 'MPI_ERR_TOPOLOGY', 'index', expected, index)
  }
  const wrong = edges.find(node => !Number.isInteger(node) || node < 0 || node >= nodes)
  if (wrong !== undefined)
    throw refusal(comm, 'graph', 'MPI_ERR_TOPOLOGY', 'an edge', `to a node from 0 to ${nodes - 1}`, wrong)
  return new GraphShape([...index], [...edges])
}

/** Of `distGraphAdjacent`. */
export function checkNeighbors(comm: Member, topology: Neighbors): void {
  const call = 'distGraphAdjacent'
  const { sources, destinations, sourceWeights = sources, destinationWeights = destinations } = topology
  for (const ranks of [sources, destinations]) {
    const wrong = ranks.find(rank => !Number.isInteger(rank) || rank < 0 || rank >= comm.size)
    if (wrong !== undefined)
      throw refusal(comm, call, 'MPI_ERR_RANK', 'a neighbour', `a rank from 0 to ${comm.size - 1}`, wrong)
  }
  if (sourceWeights.length !== sources.length || destinationWeights.length !== destinations.length)
    throw refusal(comm, call, 'MPI_ERR_ARG', 'weights', 'one for each neighbour', topology)
}

/** Of a graph of which any rank gives any. */
export type Edge = readonly [from: number, to: number, weight?: number]

export function checkEdges(comm: Member, edges: readonly Edge[]): void {
  for (const [from, to] of edges) {
    for (const rank of [from, to]) checkInteger(comm, 'distGraph', 'an end of an edge', rank, 0, comm.size - 1)
  }
}

/** What a rank has of the edges that all gave. */
export function neighborsOf(rank: number, edges: readonly Edge[]): Neighbors {
  const incoming = edges.filter(([, to]) => to === rank)
  const outgoing = edges.filter(([from]) => from === rank)
  const isWeighted = edges.some(([, , weight]) => weight !== undefined)
  return {
    sources: incoming.map(([from]) => from),
    destinations: outgoing.map(([, to]) => to),
    ...(isWeighted && {
      sourceWeights: incoming.map(([, , weight]) => weight ?? 1),
      destinationWeights: outgoing.map(([, , weight]) => weight ?? 1),
    }),
  }
}
