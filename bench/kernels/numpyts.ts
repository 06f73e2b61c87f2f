/** numpy-ts: NumPy's interface in JavaScript, with wasm kernels on one thread. Each operation makes a new array. */
import { serve, type Work } from '../harness/serve.ts'
import { findNpmPeer, peersFolder } from '../harness/toolchain.ts'
import { checksum, fill, saxpyScale, streamX, streamY, sumX, triadScale } from './data.ts'

interface NdArray {
  data: Float32Array
  dispose?: () => void
}
type Operation = (a: NdArray, b?: NdArray | number) => NdArray
type NumpyTs = Record<'copy' | 'multiply' | 'add' | 'sin' | 'exp' | 'negative' | 'sqrt' | 'abs', Operation> & {
  sum: (a: NdArray) => unknown
  zeros: (shape: number[], dtype: string) => NdArray
  configureWasm: (options: { maxMemory: number }) => void
}

const np: NumpyTs = await import(`${peersFolder}/node_modules/numpy-ts/dist/esm/index.js`)
// Its default heap of 256 MiB is too small for the cases, and it would fall back to plain JavaScript.
np.configureWasm({ maxMemory: 2 ** 31 })

function prepare(id: string, n: number): Work | { skip: string } {
  const [name, dtype] = id.split('_')
  if (!['copy', 'triad', 'saxpy', 'sum', 'fused'].includes(name)) return { skip: 'not written for numpy-ts' }
  const make = (value: (i: number) => number) => {
    const array = np.zeros([n], dtype === 'f32' ? 'float32' : 'float64')
    fill(array.data, value)
    return array
  }
  const x = make(name === 'sum' ? sumX : streamX)
  if (name === 'sum') {
    let total: unknown
    const run = () => {
      total = np.sum(x)
    }
    return { run, checksum: () => Number(total), threads: 1, free: () => x.dispose?.() }
  }
  let y = make(streamY)
  let result: NdArray | undefined
  /** Gives temporaries back at once, as a careful user does. */
  const compute = (formula: (keep: (a: NdArray) => NdArray) => NdArray) => () => {
    const temporaries: NdArray[] = []
    const value = formula(a => {
      temporaries.push(a)
      return a
    })
    for (const a of temporaries) a.dispose?.()
    if (name === 'saxpy') {
      y.dispose?.()
      y = value
    } else result?.dispose?.()
    result = value
  }
  const formulas: Record<string, (keep: (a: NdArray) => NdArray) => NdArray> = {
    copy: () => np.copy(x),
    triad: keep => np.add(x, keep(np.multiply(y, triadScale))),
    saxpy: keep => np.add(keep(np.multiply(x, saxpyScale)), y),
    fused: keep =>
      np.add(
        keep(np.multiply(keep(np.sin(x)), keep(np.exp(keep(np.negative(y)))))),
        keep(np.sqrt(keep(np.abs(keep(np.multiply(x, y)))))),
      ),
  }
  const free = () => {
    for (const a of new Set([x, y, result])) a?.dispose?.()
  }
  return { run: compute(formulas[name]), checksum: () => checksum(result!.data), threads: 1, free }
}

await serve(`numpy-ts ${findNpmPeer('numpy-ts')?.version}`, prepare)
