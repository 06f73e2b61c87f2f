/** Skein's side of the suite: `skein.ts <backend>`, by a name of its own if one follows, or `skein.ts lapack`: what a library computes, by it. Results go to arrays made once where NumPy's can, too. */
import type { BackendName } from 'skein'
import * as nd from 'skein/array'
import { serve, type Work } from '../harness/serve.ts'
import { checksum, plainId, triadScale } from '../kernels/data.ts'
import { arrayId, elementsOf, type Input, lineCount } from './data.ts'

const who = process.argv[2] ?? 'wasm'
if (who === 'lapack') nd.linalg.provider('lapack')
else nd.backend(who as BackendName)

function prepare(id: string, n: number): Work | { skip: string } {
  const [name, real] = plainId(id).split('_') as [string, 'f32' | 'f64']
  const dtype = real === 'f32' ? 'float32' : 'float64'
  // Copied, so that it lies where Skein's own arrays do.
  const of = (input: Input) => nd.asarray(elementsOf(input, real, n), { copy: true })
  const square = (input: Input) => of(input).reshape([n, n])
  const wholes = (input: Input, limit: number) =>
    nd.asarray(
      Int32Array.from(elementsOf(input, 'f64', n), v => v * limit),
      { copy: true },
    )
  const complex = real === 'f32' ? 'complex64' : 'complex128'
  const pairs = (input: Input, shape: number[]) => {
    const parts = of(input).reshape([...shape, 2])
    return nd
      .add(parts.at('..., 0'), nd.multiply(nd.asarray({ re: 0, im: 1 }, { dtype: complex }), parts.at('..., 1')))
      .eval()
  }
  let result: nd.NDArray = nd.zeros(0)
  const sum = () => checksum(nd.asarray(result, { copy: true }).toTypedArray() as Float64Array)
  const meanSquare = () => nd.mean(nd.square(result)).item() as number
  const into = (out: nd.NDArray, compute: () => nd.NDArray): Work => {
    result = out
    return { run: () => void out.assign(compute()), checksum: sum }
  }
  const made = (compute: () => nd.NDArray): Work => {
    const run = () => {
      const next = compute().eval()
      result.release()
      result = next
    }
    return { run, checksum: sum }
  }
  const works: Record<string, () => Work> = {
    triad: () => {
      const [x, y] = [of('x'), of('y')]
      return into(nd.zeros(n, { dtype }), () => nd.add(x, nd.multiply(y, triadScale)))
    },
    fused: () => {
      const [x, y] = [of('x'), of('y')]
      return into(nd.zeros(n, { dtype }), () =>
        nd.add(nd.multiply(nd.sin(x), nd.exp(nd.negative(y))), nd.sqrt(nd.abs(nd.multiply(x, y)))),
      )
    },
    sum: () => {
      const x = of('positive')
      let total = 0
      const run = () => {
        total = x.sum().item() as number
      }
      return { run, checksum: () => total }
    },
    'sum-rows': () => {
      const x = square('squareX')
      return made(() => x.sum({ axis: 1 }))
    },
    'sum-columns': () => {
      const x = square('squareX')
      return made(() => x.sum({ axis: 0 }))
    },
    'sum-turned': () => {
      const x = square('squareX').t
      return made(() => x.sum({ axis: 1 }))
    },
    'add-turned': () => {
      const [x, y] = [square('squareX'), square('squareY').t]
      return into(nd.zeros([n, n], { dtype }), () => nd.add(x, y))
    },
    'add-strided': () => {
      const x = square('squareX').at('::2, ::2')
      return into(nd.zeros(x.shape, { dtype }), () => nd.multiply(x, triadScale))
    },
    'prefix-sum': () => {
      const x = of('keys')
      return made(() => nd.cumulativeSum(x))
    },
    'prefix-columns': () => {
      const x = square('squareX')
      return made(() => nd.cumulativeSum(x, { axis: 0 }))
    },
    'small-add': () => {
      const [x, y] = [of('x'), of('y')]
      return made(() => nd.add(x, y))
    },
    gemm: () => {
      const [a, b] = [square('a'), square('b')]
      return made(() => nd.matmul(a, b))
    },
    solve: () => {
      const [a, b] = [square('regular'), of('side')]
      return made(() => nd.linalg.solve(a, b))
    },
    cholesky: () => {
      const a = square('definite')
      return made(() => nd.linalg.cholesky(a))
    },
    qr: () => {
      const a = square('regular')
      return made(() => nd.linalg.qr(a).r)
    },
    eigh: () => {
      const a = square('definite')
      return made(() => nd.linalg.eigh(a).eigenvalues)
    },
    svd: () => {
      const a = square('a')
      return made(() => nd.linalg.svd(a).s)
    },
    sort: () => {
      const x = of('keys')
      return made(() => nd.sort(x))
    },
    argsort: () => {
      const x = of('distinct')
      return made(() => nd.argsort(x))
    },
    unique: () => {
      const x = of('keys')
      return made(() => nd.uniqueValues(x))
    },
    topk: () => {
      const x = of('distinct')
      return made(() => nd.topK(x, 100).values)
    },
    fft: () => {
      const z = pairs('signal', [n])
      return made(() => nd.fft.fft(z))
    },
    'fft-rows': () => {
      const z = pairs('rows', [lineCount, n])
      return made(() => nd.fft.fft(z))
    },
    rfft: () => {
      const x = of('y')
      return made(() => nd.fft.rfft(x))
    },
    'rfft-rows': () => {
      const x = of('rows')
        .at({ end: lineCount * n })
        .reshape([lineCount, n])
      return made(() => nd.fft.rfft(x))
    },
    'random-normal': () => {
      const generator = new nd.random.Generator(1)
      return { ...made(() => generator.normal([n], { dtype })), checksum: meanSquare }
    },
    gauss: () => {
      const x = square('squareX')
      return made(() => nd.image.gaussianFilter(x, { sigma: 2 }))
    },
    resize: () => {
      const x = square('squareX')
      const size = [(3 * n) / 4, (3 * n) / 4] as const
      return made(() => nd.image.resize(x, size, { antialias: false }))
    },
    nonzero: () => {
      const x = nd.greater(of('keys'), 0.5).eval()
      return made(() => nd.nonzero(x)[0])
    },
    'sort-whole': () => {
      const x = wholes('keys', 2 ** 24)
      return made(() => nd.sort(x))
    },
    where: () => {
      const x = of('keys')
      const mask = nd.greater(x, 0.5).eval()
      return made(() => x.at(mask))
    },
    take: () => {
      const [x, places] = [of('keys'), wholes('places', n)]
      return made(() => nd.take(x, places))
    },
    pad: () => {
      const x = square('squareX')
      return made(() => nd.pad(x, 8))
    },
  }
  return works[arrayId(name)]?.() ?? { skip: 'not written for arrays' }
}

await serve(process.argv[3] ?? `skein:${who}`, prepare)
