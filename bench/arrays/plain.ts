/** Plain JavaScript on typed arrays, one thread: what somebody writes who has no library. */
import { serve, type Work } from '../harness/serve.ts'
import { checksum, onHeap, plainId, triadScale } from '../kernels/data.ts'
import { jobs } from '../kernels/plainjobs.ts'
import { elementsOf, type Input } from './data.ts'

type Reals = Float32Array | Float64Array

function sumRows(n: number, x: Reals, out: Reals): void {
  for (let r = 0; r < n; r++) {
    let s = 0
    for (let c = 0; c < n; c++) s += x[r * n + c]
    out[r] = s
  }
}

/** Row by row, as memory has it. */
function sumColumns(n: number, x: Reals, out: Reals): void {
  out.fill(0)
  for (let r = 0; r < n; r++) for (let c = 0; c < n; c++) out[c] += x[r * n + c]
}

function addTurned(n: number, x: Reals, y: Reals, z: Reals): void {
  for (let r = 0; r < n; r++) for (let c = 0; c < n; c++) z[r * n + c] = x[r * n + c] + y[c * n + r]
}

function addStrided(n: number, x: Reals, z: Reals): void {
  let k = 0
  for (let r = 0; r < n; r += 2) for (let c = 0; c < n; c += 2) z[k++] = x[r * n + c] * triadScale
}

function prefixColumns(n: number, x: Reals, z: Reals): void {
  for (let i = 0; i < n; i++) z[i] = x[i]
  for (let i = n; i < n * n; i++) z[i] = z[i - n] + x[i]
}

function add(x: Reals, y: Reals): Float64Array {
  const z = new Float64Array(x.length)
  for (let k = 0; k < z.length; k++) z[k] = x[k] + y[k]
  return z
}

function unique(x: Float64Array): Float64Array {
  const sorted = x.slice().sort()
  let count = 0
  for (let k = 0; k < sorted.length; k++) if (k === 0 || sorted[k] !== sorted[count - 1]) sorted[count++] = sorted[k]
  return sorted.slice(0, count)
}

function prepare(id: string, n: number): Work | { skip: string } {
  const known = jobs[plainId(id)]
  if (known) {
    const arrays = known.arrays(n, onHeap, 1)
    const phases = known.phases?.(n, 1) ?? 1
    const run = () => {
      for (let phase = 0; phase < phases; phase++) known.part(arrays, n, phase, 0, 1)
    }
    return { run, checksum: () => known.value?.(arrays) ?? checksum(...known.outputs(arrays)) }
  }
  const [name, real] = id.split('_') as [string, 'f32' | 'f64']
  const of = (input: Input) => elementsOf(input, real, n)
  const into = (out: Reals, run: (out: Reals) => void): Work => ({ run: () => run(out), checksum: () => checksum(out) })
  const made = (compute: () => Reals | Uint32Array): Work => {
    let result: Reals | Uint32Array = new Float64Array(0)
    const run = () => {
      result = compute()
    }
    return { run, checksum: () => checksum(result) }
  }
  const works: Record<string, () => Work> = {
    'sum-rows': () => {
      const x = of('squareX')
      return into(new Float32Array(n), out => sumRows(n, x, out))
    },
    'sum-columns': () => {
      const x = of('squareX')
      return into(new Float32Array(n), out => sumColumns(n, x, out))
    },
    'sum-turned': () => {
      const x = of('squareX')
      return into(new Float32Array(n), out => sumColumns(n, x, out))
    },
    'add-turned': () => {
      const [x, y] = [of('squareX'), of('squareY')]
      return into(new Float32Array(n * n), out => addTurned(n, x, y, out))
    },
    'add-strided': () => {
      const x = of('squareX')
      return into(new Float32Array(Math.ceil(n / 2) ** 2), out => addStrided(n, x, out))
    },
    'prefix-columns': () => {
      const x = of('squareX')
      return into(new Float32Array(n * n), out => prefixColumns(n, x, out))
    },
    'small-add': () => {
      const [x, y] = [of('x'), of('y')]
      return made(() => add(x, y))
    },
    sort: () => {
      const x = of('keys')
      return made(() => x.slice().sort())
    },
    unique: () => {
      const x = of('keys') as Float64Array
      return made(() => unique(x))
    },
  }
  return works[name]?.() ?? { skip: 'not written in plain JavaScript' }
}

await serve('plain JS', prepare)
