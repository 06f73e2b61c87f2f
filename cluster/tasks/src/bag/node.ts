/** What a bag is made of: sources, steps, and shuffles, as a tree that nothing has been computed of. */

import type { Callee } from '../callee/callee.ts'
import type { Ref } from '../ref.ts'
import type { Input, JoinKind, Merge, Part, Sink, Step } from './plan.ts'

export type Node =
  | { readonly is: 'source'; readonly inputs: readonly Input[] }
  | { readonly is: 'step'; readonly from: Node; readonly step: Step }
  | { readonly is: 'concat'; readonly from: readonly Node[] }
  | { readonly is: 'repartition'; readonly from: Node; readonly partitions: number }
  | {
      readonly is: 'shuffle'
      readonly from: Node
      readonly key: Callee | undefined
      readonly merge: Merge
      readonly partitions: number | undefined
    }
  | {
      readonly is: 'join'
      readonly left: Node
      readonly leftKey: Callee
      readonly right: Node
      readonly rightKey: Callee
      readonly how: JoinKind
      readonly partitions: number | undefined
    }

/** A shuffle has as many partitions as its source, but no more than this: each of them reads from all before. */
const mostShuffled = 64

const grouped: Merge = { by: 'group' }

/**
 * The partitions of a node, with the steps that are still to be done on each.
 *
 * @param start runs a partition into a sink: a shuffle's first half
 */
export function partsOf(node: Node, start: (part: Part, sink: Sink) => Ref<unknown>): Part[] {
  switch (node.is) {
    case 'source':
      return node.inputs.map(input => ({ input, steps: [] }))
    case 'step':
      return partsOf(node.from, start).map(({ input, steps }) => ({ input, steps: [...steps, node.step] }))
    case 'concat':
      return node.from.flatMap(from => partsOf(from, start))
    case 'repartition':
      return repartitioned(partsOf(node.from, start), node.partitions, start)
    case 'shuffle': {
      const { key, merge, partitions } = node
      const before = partsOf(node.from, start)
      const buckets = partitions ?? shuffledOf(before.length)
      const blocks = before.map(part => start(part, { to: 'keyed', buckets, key, merge }))
      return Array.from({ length: buckets }, (_, bucket): Part => {
        return { input: { is: 'merged', merge, blocks, bucket }, steps: [] }
      })
    }
    case 'join': {
      const { how, leftKey, rightKey, partitions } = node
      const [lefts, rights] = [partsOf(node.left, start), partsOf(node.right, start)]
      const buckets = partitions ?? shuffledOf(Math.max(lefts.length, rights.length))
      const half = (parts: Part[], key: Callee) =>
        parts.map(part => start(part, { to: 'keyed', buckets, key, merge: grouped }))
      const [left, right] = [half(lefts, leftKey), half(rights, rightKey)]
      return Array.from({ length: buckets }, (_, bucket): Part => {
        return { input: { is: 'joined', how, left, right, bucket }, steps: [] }
      })
    }
  }
}

const shuffledOf = (parts: number): number => Math.max(1, Math.min(mostShuffled, parts))

/** The same items in another number of partitions, in order: each old one is cut into, or is a piece of, its share. */
function repartitioned(parts: Part[], partitions: number, start: (part: Part, sink: Sink) => Ref<unknown>): Part[] {
  const pieces: { block: unknown; bucket: number }[][] = Array.from({ length: partitions }, () => [])
  parts.forEach((part, i) => {
    // The new partitions that this one's share of the whole falls into.
    const first = Math.floor((i * partitions) / parts.length)
    const next = Math.max(first + 1, Math.floor(((i + 1) * partitions) / parts.length))
    const block = start(part, { to: 'pieces', buckets: next - first })
    for (let bucket = 0; bucket < next - first; bucket++) pieces[first + bucket].push({ block, bucket })
  })
  return pieces.map(blocks => ({ input: { is: 'buckets', blocks }, steps: [] }))
}
