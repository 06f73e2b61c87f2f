/** Collectives with a root: all forms, all roots, short and long. */

import { inPlace, world } from '@skein/mpi'
import { assert, list, numbered, ok, rank, size } from './check.ts'

const ranks = Array.from({ length: size }, (_, r) => r)
const all = (count: number) => ranks.flatMap(r => list(numbered(r, count)))

for (const count of [0, 1, 7, 20_000]) {
  for (const root of new Set([0, size >> 1, size - 1])) {
    const isRoot = rank === root
    const x = isRoot ? numbered(root, count) : new Float64Array(count)
    world.bcast(x, root)
    assert.deepEqual(list(x), list(numbered(root, count)))

    const mine = numbered(rank, count)
    const whole = new Float64Array(isRoot ? count * size : 0)
    world.gather(mine, isRoot ? whole : undefined, root)
    if (isRoot) assert.deepEqual(list(whole), all(count))
    const made = world.gather(mine, root)
    assert.deepEqual(made && list(made), isRoot ? all(count) : undefined)
    if (isRoot) {
      whole.fill(-1)
      whole.set(mine, rank * count)
    }
    if (isRoot) world.gather(inPlace, whole, root)
    else world.gather(mine, undefined, root)
    if (isRoot) assert.deepEqual(list(whole), all(count))

    const part = new Float64Array(count)
    world.scatter(isRoot ? whole : undefined, part, root)
    assert.deepEqual(list(part), list(mine))
    if (isRoot) world.scatter(whole, inPlace, root)
    else world.scatter(undefined, part.fill(-1), root)
    if (!isRoot) assert.deepEqual(list(part), list(mine))
    assert.deepEqual(list(world.scatter(isRoot ? whole : undefined, root)), list(mine))

    // Rank r has r elements more, and there is one between all.
    const counts = ranks.map(r => count + r)
    const displs = ranks.map(r => r * (count + size))
    const more = numbered(rank, count + rank)
    const spread = new Float64Array(isRoot ? size * (count + size) : 0)
    world.gatherv(more, isRoot ? { buffer: spread, counts, displs } : undefined, root)
    if (isRoot)
      for (const r of ranks)
        assert.deepEqual(list(spread.subarray(displs[r], displs[r] + counts[r])), list(numbered(r, counts[r])))
    const joined = world.gatherv(more, root)
    assert.deepEqual(joined && list(joined), isRoot ? ranks.flatMap(r => list(numbered(r, counts[r]))) : undefined)
    if (isRoot) world.gatherv(inPlace, { buffer: spread, counts, displs }, root)
    else world.gatherv(more, undefined, root)
    const got = new Float64Array(counts[rank])
    world.scatterv(isRoot ? { buffer: spread, counts, displs } : undefined, got, root)
    assert.deepEqual(list(got), list(more))
    if (isRoot) world.scatterv({ buffer: spread, counts, displs }, inPlace, root)
    else world.scatterv(undefined, got.fill(-1), root)
    if (!isRoot) assert.deepEqual(list(got), list(more))
  }
}

ok('rooted')
