// Directed graphs of a few thousand nodes, with edges of several kinds.

/** Kinds are bits, so that several between the same two nodes are one edge. */
export class Digraph {
  readonly size: number
  /** Of each node: where it leads, and by which kinds. */
  private readonly out: Map<number, number>[]

  constructor(size: number) {
    this.size = size
    this.out = Array.from({ length: size }, () => new Map())
  }

  add(from: number, to: number, kind: number): void {
    if (from === to) return
    const edges = this.out[from]
    edges.set(to, (edges.get(to) ?? 0) | kind)
  }

  /** All kinds from one to the other. */
  kinds(from: number, to: number): number {
    return this.out[from].get(to) ?? 0
  }

  *edges(kinds: number): Generator<readonly [from: number, to: number]> {
    for (const [from, edges] of this.out.entries()) for (const [to, kind] of edges) if (kind & kinds) yield [from, to]
  }

  *from(node: number, kinds: number): Generator<number> {
    for (const [to, kind] of this.out[node]) if (kind & kinds) yield to
  }

  /**
   * Which strongly connected component each node is in, by edges of those kinds; -1 for one that is alone
   * (R. Tarjan, "Depth-first search and linear graph algorithms", SIAM Journal on Computing 1, 1972; without recursion).
   */
  components(kinds: number): Int32Array {
    const { size } = this
    const component = new Int32Array(size).fill(-1)
    const index = new Int32Array(size).fill(-1)
    const low = new Int32Array(size)
    const isOnStack = new Uint8Array(size)
    const stack: number[] = []
    let [counter, components] = [0, 0]
    for (let root = 0; root < size; root++) {
      if (index[root] !== -1) continue
      const work: { node: number; rest: Iterator<number> }[] = []
      const enter = (node: number): void => {
        index[node] = low[node] = counter++
        stack.push(node)
        isOnStack[node] = 1
        work.push({ node, rest: this.from(node, kinds) })
      }
      enter(root)
      while (work.length > 0) {
        const { node, rest } = work.at(-1)!
        const { done, value } = rest.next()
        if (!done) {
          if (index[value] === -1) enter(value)
          else if (isOnStack[value]) low[node] = Math.min(low[node], index[value])
          continue
        }
        work.pop()
        const parent = work.at(-1)?.node
        if (parent !== undefined) low[parent] = Math.min(low[parent], low[node])
        if (low[node] !== index[node]) continue
        const isAlone = stack.at(-1) === node
        for (let member = none; member !== node; ) {
          member = stack.pop()!
          isOnStack[member] = 0
          if (!isAlone) component[member] = components
        }
        if (!isAlone) components++
      }
    }
    return component
  }

  /**
   * The shortest way from one node to another by edges of `often`, among which those of `seldom` may be used, but never twice in a row, and not first: one of them is taken to have led to `from`.
   * Nodes outside of the component of `from` are left out.
   */
  path(
    from: number,
    to: number,
    often: number,
    options: { seldom?: number; within?: Int32Array } = {},
  ): number[] | undefined {
    const { seldom = 0, within } = options
    const { size } = this
    // Of each node two: reached by an edge of `often`, or by one of `seldom`, as `from` was.
    const came = new Map<number, number>([[from + size, none]])
    let front = [from + size]
    while (front.length > 0) {
      const next: number[] = []
      for (const at of front) {
        const node = at % size
        const wasSeldom = seldom !== 0 && at >= size
        for (const [other, kind] of this.out[node]) {
          if (within && within[other] !== within[from]) continue
          const states: number[] = []
          if (kind & often) states.push(other)
          if (!wasSeldom && kind & seldom) states.push(other + size)
          for (const state of states) {
            if (came.has(state)) continue
            came.set(state, at)
            if (state === to) {
              const path: number[] = []
              for (let step = state; step !== none; step = came.get(step)!) path.push(step % size)
              return path.reverse()
            }
            next.push(state)
          }
        }
      }
      front = next
    }
    return undefined
  }
}

const none = -1
