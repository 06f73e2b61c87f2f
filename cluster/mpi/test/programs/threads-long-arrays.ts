/** Long arrays, of which some ranks have theirs in memory that all see, and others elsewhere, where their alignment differs too. */

import { allocate, inPlace, Op, sum, world } from '@skein/mpi'
import { assert, ok, rank, size } from './check.ts'

const places = {
  all: () => true,
  none: () => false,
  some: (r: number) => r % 2 === 0,
}
const kinds = [Float64Array, Float32Array, Uint8Array] as const
const value = (r: number, i: number) => ((r + 1) * (i % 1009) + (i >> 12)) % 251
// Its operands have an order.
const twiceAnd = Op.create((a: number, b: number) => 2 * a + b, { commutative: false })

function check(found: ArrayLike<number>, expected: (i: number) => number, what: string): void {
  for (let i = 0; i < found.length; i++) {
    if (found[i] !== expected(i)) assert.fail(`${what}: ${found[i]} at ${i} of ${found.length}, not ${expected(i)}`)
  }
}

// Of one stretch and of several, with a rest, and such that the last ranks have no part in the last stretch.
for (const count of [600, 131_073, 400_001]) {
  for (const [where, isSeen] of Object.entries(places)) {
    for (const Kind of kinds) {
      const make = () =>
        isSeen(rank) ? allocate(Kind as typeof Float64Array, count) : new Kind(count + rank).subarray(rank)
      const what = `${count} of ${Kind.name}, seen by all: ${where}`
      const x = make()
      for (let i = 0; i < count; i++) x[i] = value(rank, i)
      const y = make()
      const own = (i: number) => value(rank, i)

      for (const [name, op, fold] of [
        ['sum', sum, (a: number, b: number) => a + b],
        ['twiceAnd', twiceAnd, (a: number, b: number) => 2 * a + b],
      ] as const) {
        if (op === twiceAnd && Kind !== Float64Array) continue
        const all = (i: number) => {
          let total = value(0, i)
          for (let r = 1; r < size; r++) total = fold(total, value(r, i))
          return Kind === Uint8Array ? total & 255 : total
        }
        y.fill(0)
        world.allreduce(x, y, op)
        check(y, all, `${name} of ${what}`)
        check(x, own, `what was given to ${name} of ${what}`)
        y.set(x)
        world.allreduce(inPlace, y, op)
        check(y, all, `${name} of ${what}, in place`)
      }

      const [to, from] = [(rank + 1) % size, (rank + size - 1) % size]
      y.fill(0)
      world.sendrecv(x, to, 1, y, from, 1)
      check(y, i => value(from, i), `what came of ${what}`)
    }
  }
}

ok('threads-long-arrays')
