/**
 * The process's heap. Its memory is made on first use and handed to every worker thread started afterwards (Node's
 * environment data travels with each), so that `heap` is the same memory on every thread and in every copy of this
 * module.
 *
 * `SKEIN_HEAP=memory32|memory64` and `SKEIN_HEAP_MAX=<bytes>` override what the machine offers.
 */

import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { ArgumentError } from '@skein/base'
import { Heap, openMemory } from './heap.ts'

const key = 'skein.heap.memory'
const store = globalThis as { [key: symbol]: WebAssembly.Memory | undefined }

const fromEnvironment = (): { memory64?: boolean; maxBytes?: number } => {
  const { SKEIN_HEAP: width, SKEIN_HEAP_MAX: max } = process.env
  if (width !== undefined && width !== '' && width !== 'memory32' && width !== 'memory64') {
    throw new ArgumentError('heap', 'SKEIN_HEAP', "'memory32' or 'memory64'", width)
  }
  if (max !== undefined && max !== '' && !Number.isSafeInteger(Number(max))) {
    throw new ArgumentError('heap', 'SKEIN_HEAP_MAX', 'a number of bytes', max)
  }
  return { ...(width && { memory64: width === 'memory64' }), ...(max && { maxBytes: Number(max) }) }
}

const defaultMemory = (): WebAssembly.Memory => {
  const symbol = Symbol.for(key)
  let memory = store[symbol] ?? (getEnvironmentData(key) as unknown as WebAssembly.Memory | undefined)
  if (memory === undefined) {
    memory = openMemory(fromEnvironment()).memory
    setEnvironmentData(key, memory as unknown as string)
  }
  store[symbol] = memory
  return memory
}

/** The one heap of the process: see HOUSE, "data lies in the shared heap and is passed by reference". */
export const heap: Heap = new Heap(defaultMemory)
