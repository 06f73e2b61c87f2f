/** Views: each rank sees its own part of the file. The random ones are compared with a model, byte by byte. */

import { readFileSync, writeFileSync } from 'node:fs'
import {
  byte,
  type Datatype,
  dims,
  float32,
  float64,
  int16,
  int32,
  type MpiFile,
  uint8,
  version,
  world,
} from '@skein/mpi'
import { boundsOf, typeMapOf } from '../type-map.ts'
import { assert, list, numbered, ok, rank, size } from './check.ts'
import { scratch } from './scratch.ts'

const { at, end } = scratch()
const ranks = Array.from({ length: size }, (_, r) => r)
const bytesOnDisk = (name: string) => Uint8Array.from(readFileSync(at(name)))
const onDisk = (name: string) => [...new Float64Array(bytesOnDisk(name).buffer)]

// A matrix by blocks, behind a header.
{
  const [down, across] = dims(size, 2)
  const [height, width] = [3 * down, 2 * across]
  const [row, column] = [Math.floor(rank / across), rank % across]
  const header = 24
  const file = world.openFile(at('matrix'), 'w+')
  const block = float64.subarray([height, width], [3, 2], [3 * row, 2 * column])
  file.setView(header, float64, block)
  assert.deepEqual([file.view.etype, file.view.filetype, file.view.displacement], [float64, block, header])
  const cell = (i: number, j: number) => i * width + j
  const mine = Float64Array.from({ length: 6 }, (_, k) => cell(3 * row + (k >> 1), 2 * column + (k & 1)))
  assert.equal(file.writeAll(mine).count, 6)
  assert.equal(file.position, 6)
  assert.equal(file.byteOffset(0), header + 8 * cell(3 * row, 2 * column))
  assert.equal(file.byteOffset(5), header + 8 * cell(3 * row + 2, 2 * column + 1))
  // The next tile is the next matrix.
  assert.equal(file.byteOffset(6), header + 8 * (height * width + cell(3 * row, 2 * column)))
  file.writeAll(mine.map(x => x + 0.5))
  file.sync()
  const cells = Array.from({ length: height * width }, (_, k) => k)
  assert.deepEqual(onDisk('matrix'), [0, 0, 0, ...cells, ...cells.map(k => k + 0.5)])

  // Read as another distribution: rows in turn, and the array of Fortran.
  const rows = float64.darray({
    size,
    rank,
    gsizes: [height, width],
    distribs: ['cyclic', 'none'],
    dargs: [undefined, undefined],
    psizes: [size, 1],
  })
  file.setView(header, float64, rows)
  const owned = cells.filter(k => Math.floor(k / width) % size === rank)
  const got = new Float64Array(2 * owned.length + 3).fill(-1)
  const read = file.readAtAll(0, got)
  assert.deepEqual(list(got), [...owned, ...owned.map(k => k + 0.5), -1, -1, -1])
  assert.equal(read.count, 2 * owned.length)
  world.barrier()
  // The whole, which all see alike; views of one rank alone do not touch the others'.
  file.setView(header)
  const same = new Float64Array(height * width)
  file.readAll(same)
  assert.deepEqual(list(same), cells)
  file.close()
}

// Records in turn, written in pieces that end within a tile, from elements with gaps.
{
  const file = world.openFile(at('turns'), 'w+')
  const turn = float64.contiguous(3).resized(0, 24 * size)
  file.setView(24 * rank, float64, turn)
  const mine = numbered(rank, 20)
  file.write(mine.subarray(0, 5))
  file.write({ buffer: mine, offset: 5, count: 5, type: float64.resized(0, 16) })
  assert.equal(file.position, 10)
  file.seek(-2, 'current')
  file.write(mine.subarray(18))
  file.sync()
  const written = (r: number) => [0, 1, 2, 3, 4, 5, 7, 9, 18, 19].map(i => r * 1000 + i)
  const all = onDisk('turns')
  for (let i = 0; i < 9; i++) {
    for (const r of ranks) assert.equal(all[(Math.floor(i / 3) * size + r) * 3 + (i % 3)], written(r)[i])
  }
  file.seek(0, 'end')
  // The last rank's piece of the last turn is the longest: others have more room before the end.
  assert.equal(file.position, rank === size - 1 ? 10 : 12)
  file.close()
}

// A view that shows a rank nothing.
{
  const file = world.openFile(at('some'), 'w+')
  const isIn = rank % 2 === 0
  file.setView(0, float64, isIn ? float64.indexedBlock(1, [rank]).resized(0, 8 * size) : float64.contiguous(0))
  file.writeAll(isIn ? Float64Array.of(rank, -rank) : new Float64Array(0))
  file.sync()
  const all = onDisk('some')
  for (const r of ranks.filter(r => r % 2 === 0)) assert.deepEqual([all[r], all[size + r]], [r, r === 0 ? -0 : -r])
  file.close()
}

// Random views.
const seed = world.bcast(Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31)), 0)
const told = `seed ${seed}: repeat with SEED=${seed}`
let state = seed
/** The same on all ranks. */
function below(n: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * n)
}
const oneOf = <T>(of: readonly T[]): T => of[below(of.length)]

interface View {
  readonly displacement: number
  readonly etype: Datatype
  readonly filetype: Datatype
}

/** Where byte `at` of the data of a view lies, by the oracle's type maps. */
function placesOf({ displacement, etype, filetype }: View): (etypes: number) => number[] {
  const map = typeMapOf(filetype)
  const { extent } = boundsOf(map)
  const data = map.flatMap(({ is, displ }) =>
    is === 'lb' || is === 'ub' ? [] : Array.from({ length: lengths[is] }, (_, i) => displ + i),
  )
  return from => {
    const tile = Math.floor((from * etype.size) / data.length)
    const within = from * etype.size - tile * data.length
    return Array.from(
      { length: etype.size },
      (_, i) =>
        displacement + (tile + Math.floor((within + i) / data.length)) * extent + data[(within + i) % data.length],
    )
  }
}
const lengths: { readonly [kind: string]: number } = { uint8: 1, byte: 1, int16: 2, int32: 4, float32: 4, float64: 8 }
const arrays = new Map<Datatype, new (length: number) => Uint8Array>([
  [byte, Uint8Array],
  [uint8, Uint8Array],
  [int16, Int16Array as any],
  [int32, Int32Array as any],
  [float32, Float32Array as any],
  [float64, Float64Array as any],
])

/** Disjoint views of the ranks: each place of a tile belongs to one of them, or to none. */
function randomViews(etype: Datatype): View[] {
  const displacement = below(3) * below(20)
  switch (below(4)) {
    case 0: {
      // By places.
      const places = 1 + below(12)
      const owners = Array.from({ length: places }, () => below(size + 1) - 1)
      return ranks.map(r => {
        const mine = owners.flatMap((owner, place) => (owner === r ? [place] : []))
        return { displacement, etype, filetype: etype.indexedBlock(1, mine).resized(0, places * etype.extent) }
      })
    }
    case 1: {
      // By blocks of different lengths, in turn.
      const lengths = ranks.map(() => below(4))
      const total = lengths.reduce((a, b) => a + b, 0)
      const repeats = 1 + below(3)
      return ranks.map(r => {
        const from = lengths.slice(0, r).reduce((a, b) => a + b, 0)
        const all = Array.from({ length: repeats }, (_, i) => i * total + from)
        const filetype = etype.indexed(
          all.map(() => lengths[r]),
          all,
        )
        return { displacement, etype, filetype: filetype.resized(0, Math.max(1, repeats * total) * etype.extent) }
      })
    }
    case 2: {
      // A distributed matrix.
      const gsizes = [1 + below(5), size + below(9)]
      const distrib = oneOf(['block', 'cyclic'] as const)
      const distribs = below(2) === 0 ? (['none', distrib] as const) : ([distrib, 'none'] as const)
      const psizes = distribs[0] === 'none' ? [1, size] : [size, 1]
      const order = oneOf(['C', 'F'] as const)
      return ranks.map(r => ({
        displacement,
        etype,
        filetype: etype.darray({ size, rank: r, gsizes, distribs, dargs: [undefined, undefined], psizes, order }),
      }))
    }
    default: {
      // Columns of a matrix.
      const [height, width] = [1 + below(4), 1 + below(3)]
      return ranks.map(r => ({
        displacement,
        etype,
        filetype: etype.subarray([height, width * size], [height, width], [0, width * r]),
      }))
    }
  }
}

const [writers, readers] = [
  ['writeAtAll', 'writeAt', 'writeAll', 'write', 'iwriteAt', 'iwrite', 'iwriteAtAll', 'writeAllBegin'] as const,
  ['readAtAll', 'readAt', 'readAll', 'read', 'ireadAt', 'iread', 'ireadAll', 'readAllBegin'] as const,
]

function transfer(file: MpiFile, call: (typeof writers)[number] | (typeof readers)[number], from: number, data: any) {
  switch (call) {
    case 'writeAtAll':
    case 'writeAt':
    case 'readAtAll':
    case 'readAt':
      return file[call](from, data)
    case 'iwriteAt':
    case 'iwriteAtAll':
    case 'ireadAt':
      return file[call](from, data).wait()
    case 'writeAllBegin':
    case 'readAllBegin':
      file.seek(from)
      file[call](data)
      return call === 'writeAllBegin' ? file.writeAllEnd() : file.readAllEnd()
    default: {
      file.seek(from)
      const result = file[call](data)
      return 'wait' in result ? result.wait() : result
    }
  }
}

const file = world.openFile(at('random'), 'w+', { info: { skein_overlap: below(2) === 0 } })
/** What nobody has written, before the end, is anything (MPI-4.0, 14.2.5). */
const anything = -1
const model: number[] = []
const put = (place: number, value: number) => {
  while (model.length <= place) model.push(anything)
  model[place] = value
}
const compare = (found: Uint8Array, expected: readonly number[], about: string) => {
  assert.equal(found.length, expected.length, about)
  for (let i = 0; i < found.length; i++) {
    if (expected[i] !== anything && found[i] !== expected[i])
      assert.fail(`${about}: byte ${i} is ${found[i]}, not ${expected[i]}`)
  }
}

// Where ranks spin on few cores a round takes long.
const rounds = Number(process.env.ROUNDS ?? (version().engine === 'threads' ? 40 : 8))
for (let round = 0; round < rounds; round++) {
  const etype = oneOf([byte, uint8, int16, int32, float32, float64, int32.contiguous(2)])
  const views = randomViews(etype)
  const call = oneOf(writers)
  const about = `${told}, round ${round}, ${call} of ${etype} through ${views[rank].filetype}`
  const show = ({ displacement, etype, filetype }: View) => file.setView(displacement, etype, filetype)
  show(views[rank])
  const shares = views.map(view => {
    const [from, count, salt] = [below(30), below(40), below(256)]
    return view.filetype.size === 0 ? { from: 0, count: 0, salt } : { from, count, salt }
  })
  const bytesOf = (r: number) =>
    Uint8Array.from({ length: shares[r].count * etype.size }, (_, i) => shares[r].salt + 7 * i)
  const kind = arrays.get(etype) ?? Int32Array
  const buffer = (bytes: Uint8Array) =>
    new (kind as any)(bytes.buffer, 0, bytes.length / (kind as any).BYTES_PER_ELEMENT) as Uint8Array
  assert.equal(transfer(file, call, shares[rank].from, buffer(bytesOf(rank))).bytes, bytesOf(rank).length, about)
  for (const r of ranks) {
    const placesAt = placesOf(views[r])
    const bytes = bytesOf(r)
    for (let e = 0; e < shares[r].count; e++) {
      placesAt(shares[r].from + e).forEach((place, i) => put(place, bytes[e * etype.size + i]))
    }
  }
  file.sync()
  compare(bytesOnDisk('random'), model, about)
  world.barrier()

  // Back through the view of another rank: as much as there is.
  const other = views[(rank + 1) % size]
  show(other)
  const placesAt = placesOf(other)
  const isEmpty = other.filetype.size === 0
  // Drawn by all: they stay at the same place of the sequence.
  const [from, most] = [below(20), below(40)]
  const asked = isEmpty ? 0 : most
  const expected: number[] = []
  for (let e = 0; e < asked; e++) {
    const places = placesAt(from + e).filter(place => place < model.length)
    expected.push(...places.map(place => model[place]))
  }
  const reader = oneOf(readers)
  const got = new Uint8Array(asked * etype.size)
  const status = transfer(file, reader, isEmpty ? 0 : from, buffer(got))
  const back = `${told}, round ${round}, ${reader} of ${etype} through ${other.filetype}`
  assert.equal(status.bytes, expected.length, back)
  compare(got.subarray(0, expected.length), expected, back)
  world.barrier()
}
file.close()

// Short runs of all ranks that fill a stretch, which may be written together: of ranks alike, of different lengths, from the middle, with a gap, and over each other.
{
  const file = world.openFile(at('together'), 'w+')
  const expected = new Float64Array(200_000 * size + 100_000).fill(-1)
  if (rank === 0) file.writeAt(0, expected)
  file.sync()
  for (const [from, count, gap, overlap] of [
    [0, 180_000, 0, 0],
    [7, 20_000 / size, 0, 0],
    [16, 10_000, 1, 0],
    [3, 5_000, 0, 1],
  ]) {
    // Of a tile rank r has 8 + 4 r elements.
    const length = (r: number) => 8 + 4 * r
    const before = (r: number) => ranks.slice(0, r).reduce((sum, other) => sum + length(other), 0)
    const whole = before(size) + gap
    const place = overlap === 1 ? 0 : rank
    const type = float64.contiguous(length(place)).resized(0, 8 * whole)
    file.setView(8 * before(place), float64, type)
    const mine = Float64Array.from({ length: Math.floor(count) }, (_, i) => (overlap === 1 ? 0 : rank * 1e6) + i)
    assert.equal(file.writeAtAll(from, mine).count, mine.length)
    file.sync()
    for (const r of overlap === 1 ? [0] : ranks) {
      for (let i = 0; i < mine.length; i++) {
        const t = Math.floor((from + i) / length(r))
        expected[t * whole + before(r) + from + i - t * length(r)] = (overlap === 1 ? 0 : r * 1e6) + i
      }
    }
    const found = onDisk('together')
    const wrong = expected.findIndex((value, i) => value !== found[i])
    assert.equal(
      wrong,
      -1,
      `${[from, count, gap, overlap]}: element ${wrong} is ${found[wrong]}, not ${expected[wrong]}`,
    )
    world.barrier()
  }
  file.close()
}

// Through a view of one byte of three of what is there.
if (rank === 0)
  writeFileSync(
    at('thirds'),
    Uint8Array.from({ length: 100_000 }, (_, i) => i & 255),
  )
world.barrier()
const thirds = world.openFile(at('thirds'), 'r+')
thirds.setView(rank % 3, byte, byte.resized(0, 3))
const some = new Uint8Array(40_000)
const there = Math.ceil((100_000 - (rank % 3)) / 3)
assert.equal(thirds.readAll(some).bytes, there)
assert.ok(some.subarray(0, there).every((value, i) => value === ((rank % 3) + 3 * i) % 256))
world.barrier()
if (rank < 3) thirds.writeAt(10, new Uint8Array(20_000).fill(rank + 1))
thirds.close()
world.barrier()
const thirdsOnDisk = bytesOnDisk('thirds')
assert.equal(thirdsOnDisk.length, 100_000)
thirdsOnDisk.forEach((value, i) => {
  const isWritten = i % 3 < size && i >= 30 + (i % 3) && i < 60_030
  if (value !== (isWritten ? (i % 3) + 1 : i & 255)) assert.fail(`byte ${i} is ${value}`)
})

end()
ok('file-views')
