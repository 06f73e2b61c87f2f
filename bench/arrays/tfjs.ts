/** TensorFlow.js on its wasm backend: f32 alone, and one thread under Node. */
import { dirname } from 'node:path'
import { serve, type Work } from '../harness/serve.ts'
import { findNpmPeer, peersFolder, requirePeer } from '../harness/toolchain.ts'
import { checksum, plainId, triadScale } from '../kernels/data.ts'
import { elementsOf, type Input } from './data.ts'

const tf = requirePeer('@tensorflow/tfjs-core')
const wasm = requirePeer('@tensorflow/tfjs-backend-wasm')
wasm.setWasmPaths(`${dirname(`${peersFolder}/node_modules/@tensorflow/tfjs-backend-wasm/package.json`)}/dist/`)
await tf.setBackend('wasm')
await tf.ready()

function prepare(id: string, n: number): Work | { skip: string } {
  const [name, real] = plainId(id).split('_') as [string, 'f32' | 'f64']
  if (real !== 'f32') return { skip: 'tfjs has no f64' }
  const held: any[] = []
  const shaped = (input: Input, shape: number[]) => {
    const tensor = tf.tensor(elementsOf(input, real, n), shape)
    held.push(tensor)
    return tensor
  }
  const of = (input: Input) => shaped(input, [n])
  const square = (input: Input) => shaped(input, [n, n])
  let result: any
  const made = (compute: () => any): Work => {
    const run = () => {
      const next = tf.tidy(compute)
      result?.dispose()
      result = next
    }
    const sum = () => (result.rank === 0 ? result.dataSync()[0] : checksum(result.dataSync()))
    const free = () => {
      for (const tensor of [...held, result]) tensor?.dispose()
    }
    return { run, checksum: sum, threads: 1, free }
  }
  const works: Record<string, () => Work> = {
    triad: () => {
      const [x, y] = [of('x'), of('y')]
      return made(() => tf.add(x, tf.mul(y, triadScale)))
    },
    fused: () => {
      const [x, y] = [of('x'), of('y')]
      return made(() => tf.add(tf.mul(tf.sin(x), tf.exp(tf.neg(y))), tf.sqrt(tf.abs(tf.mul(x, y)))))
    },
    sum: () => {
      const x = of('positive')
      return made(() => tf.sum(x))
    },
    'sum-columns': () => {
      const x = square('squareX')
      return made(() => tf.sum(x, 0))
    },
    gemm: () => {
      const [a, b] = [square('a'), square('b')]
      return made(() => tf.matMul(a, b))
    },
    resize: () => {
      const x = shaped('squareX', [n, n, 1])
      const size = [(3 * n) / 4, (3 * n) / 4]
      // Pixels are areas, as they are elsewhere.
      return made(() => tf.image.resizeBilinear(x, size, false, true))
    },
  }
  return works[name]?.() ?? { skip: 'not written for tfjs' }
}

await serve(`tfjs ${findNpmPeer('@tensorflow/tfjs-core')?.version} wasm`, prepare)
