/** Skein's side: `skein.ts <backend>`. */
import type { BackendName } from 'skein'
import * as nd from 'skein/array'
import { serve, type Work } from '../harness/serve.ts'
import { checksum } from '../kernels/data.ts'
import { calls } from './calls.ts'
import { type Given, given, givenToXtensor, namesIn, sizeOf } from './data.ts'
import { mayHoldArrays, repeated } from './work.ts'
import { type Floats, xtensor } from './xtensor.ts'

const backend = (process.argv[2] ?? 'wasm') as BackendName
nd.backend(backend)

function arrayOf(input: Given): nd.NDArray {
  const { dtype, shape, value } = input
  const values = Array.from({ length: sizeOf(input) }, (_, k) => value(k))
  const pairs = () => values.flatMap((re, k) => (k % 2 === 0 ? [{ re, im: values[k + 1] }] : []))
  const list = dtype === 'complex128' ? pairs() : values
  return nd.asarray(list as number[], { dtype }).reshape([...shape])
}

/** What a careful user gives back when the next one comes, as numpy-ts's does. */
function release(value: unknown): void {
  if (value instanceof nd.NDArray) value.release()
  else if (mayHoldArrays(value)) for (const x of Object.values(value)) release(x)
}

/** All that a call gives, computed. */
function computed(value: unknown): unknown {
  if (value instanceof nd.NDArray) return value.eval()
  if (Array.isArray(value)) for (const x of value) if (x instanceof nd.NDArray) x.eval()
  return value
}

function numbersIn(value: unknown): ArrayLike<number>[] {
  if (value instanceof nd.NDArray) return [Array.from(value.toTypedArray() as ArrayLike<number>, Number)]
  if (typeof value === 'number') return [[value]]
  if (value instanceof Uint8Array) return [[value.length]]
  if (Array.isArray(value)) return value.flatMap(numbersIn)
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(numbersIn)
  return [[Number(value)]]
}

function prepare(id: string): Work | { skip: string } {
  const ofXtensor = id.startsWith('xtensor-')
  const code = ofXtensor ? xtensor[id.slice(8)]?.skein : calls.find(c => c.name === id)?.skein
  if (!code) return { skip: 'there is no such call' }
  const all = ofXtensor ? givenToXtensor : given
  const names = namesIn(code, all)
  const arrays = names.map(name => arrayOf(all[name]))
  const floats: Floats = {}
  if (code.includes('floats.'))
    for (const name of ['E', 'F', 'R']) floats[name] = Float64Array.from({ length: 1e6 }, (_, k) => all[name].value(k))
  const npyBytes = nd.toNpy(arrayOf(given.A))
  const made = new Function('nd', 'npyBytes', 'floats', 'computed', ...names, `return () => computed(${code})`)
  // A flat array has no such axes: the adapted ones stay flat, as xtensor's shape is a matter of the loop.
  const call = made(nd, npyBytes, floats, computed, ...arrays) as () => unknown
  // A view of what was given, or itself, must stay.
  const isOwn = !/\.assign|\.at\(|^nd\.(reshape|ravel|swapaxes|broadcastTo)\(|^nd\.linalg\.diagonal/.test(code)
  let last: unknown
  return repeated(
    () => {
      if (isOwn) release(last)
      last = call()
      return last
    },
    value => checksum(...numbersIn(value)),
  )
}

await serve(`skein:${backend}`, prepare)
