/** numpy-ts: NumPy's interface in JavaScript, with wasm kernels on one thread. Each operation makes a new array. */
import { serve, type Work } from '../harness/serve.ts'
import { findNpmPeer, peersFolder } from '../harness/toolchain.ts'
import { checksum, plainId, triadScale } from '../kernels/data.ts'
import { arrayId, elementsOf, type Input, lineCount } from './data.ts'

// Its types are not here: it is a package of the peers.
const np: any = await import(`${peersFolder}/node_modules/numpy-ts/dist/esm/index.js`)
// Its default heap of 256 MiB is too small for the cases, and it would fall back to plain JavaScript.
np.configureWasm({ maxMemory: 2 ** 31 })

function prepare(id: string, n: number): Work | { skip: string } {
  const [name, real] = plainId(id).split('_') as [string, 'f32' | 'f64']
  const held: any[] = []
  const shaped = (input: Input, shape: number[]) => {
    const array = np.zeros(shape, real === 'f32' ? 'float32' : 'float64')
    array.data.set(elementsOf(input, real, n))
    held.push(array)
    return array
  }
  const of = (input: Input) => shaped(input, [n])
  const square = (input: Input) => shaped(input, [n, n])
  let result: any
  /** Gives temporaries back at once, as a careful user does. */
  const made = (compute: (keep: (a: any) => any) => any): Work => {
    const run = () => {
      const temporaries: any[] = []
      const value = compute(a => {
        temporaries.push(a)
        return a
      })
      for (const a of temporaries) a.dispose?.()
      result?.dispose?.()
      result = value
    }
    const sum = () => (typeof result === 'number' ? result : checksum(np.ascontiguousarray(result).data))
    const free = () => {
      for (const a of [...held, result]) a?.dispose?.()
    }
    return { run, checksum: sum, threads: 1, free }
  }
  const complex = (input: Input, shape: number[]) => {
    const array = np.zeros(shape, real === 'f32' ? 'complex64' : 'complex128')
    array.data.set(elementsOf(input, real, n))
    held.push(array)
    return array
  }
  const works: Record<string, () => Work> = {
    triad: () => {
      const [x, y] = [of('x'), of('y')]
      return made(keep => np.add(x, keep(np.multiply(y, triadScale))))
    },
    fused: () => {
      const [x, y] = [of('x'), of('y')]
      return made(keep =>
        np.add(
          keep(np.multiply(keep(np.sin(x)), keep(np.exp(keep(np.negative(y)))))),
          keep(np.sqrt(keep(np.abs(keep(np.multiply(x, y)))))),
        ),
      )
    },
    sum: () => {
      const x = of('positive')
      return made(() => Number(np.sum(x)))
    },
    'sum-rows': () => {
      const x = square('squareX')
      return made(() => np.sum(x, 1))
    },
    'sum-columns': () => {
      const x = square('squareX')
      return made(() => np.sum(x, 0))
    },
    'sum-turned': () => {
      const x = np.transpose(square('squareX'))
      return made(() => np.sum(x, 1))
    },
    'add-turned': () => {
      const [x, y] = [square('squareX'), np.transpose(square('squareY'))]
      return made(() => np.add(x, y))
    },
    'add-strided': () => {
      const x = square('squareX').slice('::2', '::2')
      return made(() => np.multiply(x, triadScale))
    },
    'prefix-sum': () => {
      const x = of('keys')
      return made(() => np.cumsum(x))
    },
    'prefix-columns': () => {
      const x = square('squareX')
      return made(() => np.cumsum(x, 0))
    },
    'small-add': () => {
      const [x, y] = [of('x'), of('y')]
      return made(() => np.add(x, y))
    },
    gemm: () => {
      const [a, b] = [square('a'), square('b')]
      return made(() => np.matmul(a, b))
    },
    solve: () => {
      const [a, b] = [square('regular'), of('side')]
      return made(() => np.linalg.solve(a, b))
    },
    cholesky: () => {
      const a = square('definite')
      return made(() => np.linalg.cholesky(a))
    },
    qr: () => {
      const a = square('regular')
      return made(() => {
        const found = np.linalg.qr(a)
        return found.r ?? found[1]
      })
    },
    svd: () => {
      const a = square('a')
      return made(keep => {
        const found = np.linalg.svd(a)
        const [u, s, vt] = [found.u ?? found[0], found.s ?? found[1], found.vt ?? found[2]]
        for (const x of [u, vt]) keep(x)
        return s
      })
    },
    sort: () => {
      const x = of('keys')
      return made(() => np.sort(x))
    },
    argsort: () => {
      const x = of('distinct')
      return made(() => np.argsort(x))
    },
    fft: () => {
      const z = complex('signal', [n])
      return made(() => np.fft.fft(z))
    },
    'fft-rows': () => {
      const z = complex('rows', [lineCount, n])
      return made(() => np.fft.fft(z))
    },
    rfft: () => {
      const x = of('y')
      return made(() => np.fft.rfft(x))
    },
    'random-normal': () => {
      if (real === 'f32') return { skip: 'its numbers are f64' } as never
      return { ...made(() => np.random.standard_normal([n])), checksum: () => Number(np.mean(np.square(result))) }
    },
    unique: () => {
      const x = of('keys')
      return made(() => np.unique(x))
    },
  }
  return works[arrayId(name)]?.() ?? { skip: 'not written for numpy-ts' }
}

await serve(`numpy-ts ${findNpmPeer('numpy-ts')?.version}`, prepare)
