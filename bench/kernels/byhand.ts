/** The wasm SIMD kernels of byhand.c on one or more threads: `byhand.ts <file.wasm> <who>`. */
import { readFileSync } from 'node:fs'
import { isMainThread, workerData } from 'node:worker_threads'
import { serve, type Work } from '../harness/serve.ts'
import { type Allocate, bodies, checksum, fill, streamX, streamY } from './data.ts'
import { followCaller, forkJoin } from './forkjoin.ts'

const pageBytes = 65536
const stackBytes = 65536

/** Threads share the memory and need a stack each: below 1 MiB, where clang put its own. */
function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory, index: number) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const stack = exports.__stack_pointer as WebAssembly.Global<'i32'>
  stack.value = stackBytes * (index + 1)
  return exports as unknown as Record<string, (...args: number[]) => void>
}

if (!isMainThread) {
  const { control, index, module, memory, calls } = workerData
  const [name, ...args] = calls[index]
  const call = instantiate(module, memory, index)[name]
  followCaller(control, () => call(...args))
}

const [file, who] = process.argv.slice(2)

async function prepare(id: string, n: number, threads: number): Promise<Work | { skip: string }> {
  const dataStart = 1 << 20
  // Sizes are whole numbers of a few arrays; the memory that holds them is made for the case.
  const numbers = { fused_f32: 3 * n, mandelbrot_f32: n * n, mandelbrot_f64: n * n, 'n-body_f32': 7 * n }[id]
  if (numbers === undefined) return { skip: 'not written by hand' }
  // The module declares at least 2 MiB.
  const pages = Math.max(32, Math.ceil((dataStart + numbers * 4) / pageBytes))
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 16384, shared: true })
  let top = dataStart
  const allocate: Allocate = (_, length) => {
    const array = new Float32Array(memory.buffer as unknown as ArrayBuffer, top, length)
    top += length * 4
    return array as never
  }
  const at = (array: ArrayLike<number>) => (array as Float32Array).byteOffset
  const whole = (array: Float32Array) => new Int32Array(array.buffer, array.byteOffset, array.length)
  const cut = (k: number) => Math.floor(n / 32 / threads) * 32 * k
  const end = (k: number) => (k === threads - 1 ? n : cut(k + 1))

  let callOf: (k: number) => (string | number)[]
  let outputs: ArrayLike<number>[]
  if (id === 'fused_f32') {
    const x = fill(allocate('f32', n), streamX)
    const y = fill(allocate('f32', n), streamY)
    const out = allocate('f32', n)
    callOf = k => ['fused', cut(k), end(k), at(out), at(x), at(y)]
    outputs = [out]
  } else if (id === 'n-body_f32') {
    const { x, y, z, m } = bodies(n, () => new Float32Array(n) as never)
    const given = allocate('f32', 4 * n)
    for (const [k, array] of [x, y, z, m].entries()) given.set(array, k * n)
    const pull = allocate('f32', 3 * n)
    callOf = k => ['nbody', n, cut(k), end(k), at(given), at(pull)]
    outputs = [pull]
  } else {
    const image = allocate('f32', n * n)
    callOf = k => [id === 'mandelbrot_f32' ? 'mandelbrot32' : 'mandelbrot64', n, k, threads, at(image)]
    outputs = [whole(image)]
  }

  const module = new WebAssembly.Module(readFileSync(file))
  const calls = Array.from({ length: threads }, (_, k) => callOf(k))
  const [name, ...args] = calls[0] as [string, ...number[]]
  const own = instantiate(module, memory, 0)[name]
  const team = await forkJoin(new URL(import.meta.url), threads - 1, { module, memory, calls })
  return {
    run: () => team.run(() => own(...args)),
    checksum: () => checksum(...outputs),
    threads,
    free: team.stop,
  }
}

if (isMainThread) await serve(who, prepare)
