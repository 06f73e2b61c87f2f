/** jax-js: JAX in JavaScript, traced and compiled to wasm; one thread under Node. An array is used up by the function that takes it, unless it is given as `ref`. */
import { serve, type Work } from '../harness/serve.ts'
import { findNpmPeer, requirePeer } from '../harness/toolchain.ts'
import { checksum, plainId, triadScale } from '../kernels/data.ts'
import { arrayId, elementsOf, type Input } from './data.ts'

const jax = requirePeer('@jax-js/jax')
const { numpy: np, jit } = jax
await jax.init()
jax.defaultDevice('wasm')

function prepare(id: string, n: number): Work | { skip: string } {
  const [name, real] = plainId(id).split('_') as [string, 'f32' | 'f64']
  const dtype = real === 'f32' ? 'float32' : 'float64'
  const held: any[] = []
  const shaped = (input: Input, shape: number[]) => {
    const array = np.array(elementsOf(input, real, n), { shape, dtype })
    held.push(array)
    return array
  }
  const of = (input: Input) => shaped(input, [n])
  const square = (input: Input) => shaped(input, [n, n])
  let results: any[] = []
  const drop = () => {
    for (const a of results) a.dispose()
    results = []
  }
  /** One array, or two that are the parts of a complex one. */
  const made = (compute: () => any): Work => {
    const run = async () => {
      const next = [compute()].flat()
      for (const a of next) await a.blockUntilReady()
      drop()
      results = next
    }
    const sum = () => {
      const parts = results.map(a => a.ref.dataSync() as Float64Array)
      if (parts.length === 1) return checksum(parts[0])
      return checksum(Float64Array.from({ length: 2 * parts[0].length }, (_, k) => parts[k % 2][k >> 1]))
    }
    const free = () => {
      drop()
      for (const a of held) a.dispose()
    }
    return { run, checksum: sum, threads: 1, free }
  }
  /** A function of arrays, compiled. */
  const compiled = (compute: (...arrays: any[]) => any, ...arrays: any[]): Work => {
    const run = jit(compute)
    return made(() => run(...arrays.map(a => a.ref)))
  }
  const works: Record<string, () => Work> = {
    triad: () => compiled((x, y) => x.add(y.mul(triadScale)), of('x'), of('y')),
    fused: () =>
      compiled(
        (x, y) =>
          np
            .sin(x.ref)
            .mul(np.exp(np.negative(y.ref)))
            .add(np.sqrt(np.abs(x.mul(y)))),
        of('x'),
        of('y'),
      ),
    sum: () => ({
      ...compiled(x => np.sum(x), of('positive')),
      checksum: () => Number(results[0].ref.dataSync()[0]),
    }),
    'sum-rows': () => compiled(x => np.sum(x, 1), square('squareX')),
    'small-add': () => compiled((x, y) => x.add(y), of('x'), of('y')),
    gemm: () => compiled((a, b) => np.matmul(a, b), square('a'), square('b')),
    solve: () => {
      const [a, b] = [square('regular'), of('side')]
      return made(() => np.linalg.solve(a.ref, b.ref))
    },
    sort: () => {
      const x = of('keys')
      return made(() => np.sort(x.ref))
    },
    fft: () => {
      const signal = elementsOf('signal', real, n)
      const part = (first: number) => {
        const array = np.array(
          signal.filter((_: number, k: number) => k % 2 === first),
          { shape: [n], dtype },
        )
        held.push(array)
        return array
      }
      return compiled(
        (x, y) => {
          const found = np.fft.fft({ real: x, imag: y })
          return [found.real, found.imag]
        },
        part(0),
        part(1),
      )
    },
    'random-normal': () => {
      const meanSquare = () => {
        const x = results[0].ref.dataSync() as Float32Array
        return x.reduce((sum, value) => sum + value * value, 0) / x.length
      }
      let seed = 0
      return { ...made(() => jax.random.normal(jax.random.key(seed++), [n])), checksum: meanSquare }
    },
  }
  return works[arrayId(name)]?.() ?? { skip: 'not written for jax-js' }
}

await serve(`jax-js ${findNpmPeer('@jax-js/jax')?.version} wasm`, prepare)
