/** numpy-ts: NumPy's interface in JavaScript, with wasm kernels on one thread. What a call gives is given back at the next, as a careful user does. */
import { serve, type Work } from '../harness/serve.ts'
import { findNpmPeer, peersFolder } from '../harness/toolchain.ts'
import { checksum } from '../kernels/data.ts'
import { calls } from './calls.ts'
import { type Given, given, namesIn, sizeOf } from './data.ts'
import { mayHoldArrays, repeated } from './work.ts'

// Its types are not here: it is a package of the peers.
const np: any = await import(`${peersFolder}/node_modules/numpy-ts/dist/esm/index.js`)
np.configureWasm({ maxMemory: 2 ** 31 })

function arrayOf(input: Given): any {
  const array = np.zeros([...input.shape], input.dtype)
  const { data } = array
  for (let k = 0; k < sizeOf(input); k++) data[k] = input.dtype === 'int64' ? BigInt(input.value(k)) : input.value(k)
  return array
}

const isArray = (value: any): boolean => value?.shape !== undefined && value.dtype !== undefined

function numbersIn(value: any): ArrayLike<number>[] {
  if (isArray(value)) return [Array.from(np.ascontiguousarray(value).data as ArrayLike<number>, Number)]
  if (value instanceof Uint8Array) return [[value.length]]
  if (Array.isArray(value)) return value.flatMap(numbersIn)
  if (typeof value === 'object' && value !== null && !('re' in value)) return Object.values(value).flatMap(numbersIn)
  return [[Number(value)]]
}

function dispose(value: any): void {
  if (isArray(value)) value.dispose?.()
  else if (mayHoldArrays(value)) for (const x of Object.values(value)) dispose(x)
}

function prepare(id: string): Work | { skip: string } {
  const code = calls.find(c => c.name === id)?.numpyTs
  if (code === undefined || code === '-') return { skip: 'it gives something else' }
  const names = namesIn(code, given)
  const arrays = names.map(name => arrayOf(given[name]))
  const npyBytes = np.serializeNpy(arrayOf(given.A))
  const call = new Function('np', 'npyBytes', ...names, `return () => ${code}`)(np, npyBytes, ...arrays) as () => any
  let last: any
  return repeated(
    () => {
      if (last !== undefined && !arrays.includes(last)) dispose(last)
      last = call()
      return last
    },
    value => checksum(...numbersIn(value)),
  )
}

await serve(`numpy-ts ${findNpmPeer('numpy-ts')?.version}`, prepare)
