/**
 * The small benchmark that `skein bench` runs anywhere, in a few seconds: is this machine's memory and are its lanes used? A
 * figure is only shown when the kernel's answer is that of the plain loop.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { machine } from '@skein/base'
import { heap } from '@skein/heap'
import { defaultTeam } from '@skein/team'
import { CommandError } from '../errors.ts'
import * as k from './kernels.ts'
import { memoryCopier } from './memory-copy.ts'
import { interleave, type Row, type Spread, spread } from './spread.ts'

const suite = 'quick'
const effort = { rounds: 15, seconds: 1.5 }

/**
 * Arrays that no cache holds, as STREAM asks: together four times the largest, if the machine has the room.
 */
export function streamBytes(): number {
  const { cpu, memory } = machine()
  const largest = Math.max(0, ...cpu.caches.map(cache => cache.bytes))
  const wanted = Math.max(32 * 2 ** 20, Math.min((largest * 4) / 3, 256 * 2 ** 20))
  return Math.max(2 ** 20, Math.floor(Math.min(wanted, memory.availableBytes / 12) / 65536) * 65536)
}

/** @param progress is told what is being measured */
export async function quickBench(progress: (what: string) => void): Promise<Row[]> {
  const { threads } = defaultTeam()
  const bytes = streamBytes()
  const row = (
    name: string,
    n: number,
    dtype: string,
    who: string,
    seconds: Spread,
    checksum: number | null,
    on = threads,
  ): Row => ({
    suite,
    case: name,
    n,
    dtype,
    threads: on,
    who,
    seconds,
    checksum,
  })
  const pair = (
    name: string,
    n: number,
    dtype: string,
    [ours, plain]: Spread[],
    answers: [number, number],
    tolerance = 0,
  ): Row[] => {
    const [a, b] = answers
    if (!(Math.abs(a - b) <= tolerance * Math.abs(b))) {
      throw new CommandError(
        'bench',
        `${name}: the kernel gives ${a} and the plain loop ${b}. Please report it with the output of: skein doctor --json`,
      )
    }
    return [row(name, n, dtype, 'skein:wasm', ours, a), row(name, n, dtype, 'plain JS', plain, b, 1)]
  }
  return [...streams(), ...arithmetic(), ...(await calls())]

  function streams(): Row[] {
    const n = bytes / 8
    progress('memory')
    const copier = memoryCopier(heap, defaultTeam(), bytes)
    using b = heap.f64(n)
    using c = heap.f64(n)
    using a = heap.f64(n)
    for (let i = 0; i < n; i++) {
      b[i] = (i % 1000) * 0.5
      c[i] = (i % 777) * 0.25
    }
    // The ceiling and what is held against it are measured in the same rounds.
    const [copied, triad, plainTriad, sum, plainSum] = interleave(
      [
        () => copier.copy(),
        () => k.triad(n, 3, b, c, a),
        () => k.plainTriad(n, 3, b, c, a),
        () => k.sum(n, b),
        () => k.plainSum(n, b),
      ],
      { rounds: 9, seconds: 3 },
    )
    copier.free()
    k.triad(n, 3, b, c, a)
    const ours = k.sum(n, a)
    k.plainTriad(n, 3, b, c, a)
    return [
      row('copy', bytes / 8, 'f64', 'memory.copy', copied, null),
      ...pair('triad', n, 'f64', [triad, plainTriad], [ours, k.plainSum(n, a)], 1e-12),
      ...pair('sum', n, 'f64', [sum, plainSum], [k.sum(n, b), k.plainSum(n, b)], 1e-12),
    ]
  }

  function arithmetic(): Row[] {
    const n = 2 ** 21
    const width = 768
    const height = 512
    progress('fused expression')
    using x = heap.f32(n)
    using y = heap.f32(n)
    using out = heap.f32(n)
    for (let i = 0; i < n; i++) {
      x[i] = (i % 6283) / 1000
      y[i] = (i % 997) / 500
    }
    const fused = interleave([() => k.fused(n, x, y, out), () => k.plainFused(n, x, y, out)], effort)
    k.fused(n, x, y, out)
    const ours = total(out)
    k.plainFused(n, x, y, out)
    progress('Mandelbrot')
    using image = heap.u16(width * height)
    const mandelbrot = interleave(
      [() => k.mandelbrot([height, width], image, width, height), () => k.plainMandelbrot(image, width, height)],
      effort,
    )
    k.mandelbrot([height, width], image, width, height)
    const steps = total(image)
    k.plainMandelbrot(image, width, height)
    return [
      ...pair('fused', n, 'f32', fused, [ours, total(out)], 1e-5),
      ...pair('mandelbrot', width * height, 'f64', mandelbrot, [steps, total(image)]),
    ]
  }

  async function calls(): Promise<Row[]> {
    progress('calls')
    const n = 1024
    using x = heap.f32(n)
    using y = heap.f32(n)
    using out = heap.f32(n)
    const small = perCall(() => k.empty(n, x))
    const first: number[] = []
    for (let salt = 0; salt < 7; salt++) first.push(timed(() => k.freshKernel(salt + 0.5)(n, x, y, out)))
    return [
      row('call', n, 'f32', 'skein:wasm', small, null, 1),
      ...(threads > 1 ? await sharedCalls(n, x) : []),
      row('first call, 20 lines', n, 'f32', 'skein:wasm', spread(first), null),
    ]
  }

  /** Short as it is, every thread is made to take a part of it. */
  async function sharedCalls(n: number, x: Float32Array): Promise<Row[]> {
    const shared = k.empty.with({ schedule: 'static', chunk: Math.ceil(n / threads) })
    const awake = perCall(() => shared(n, x))
    const parked: number[] = []
    for (let round = 0; round < 7; round++) {
      await wait(60) // Until the threads have gone to sleep: that is what is measured.
      parked.push(timed(() => shared(n, x)))
    }
    return [
      row('call, team awake', n, 'f32', 'skein:wasm', awake, null),
      row('call, team parked', n, 'f32', 'skein:wasm', spread(parked), null),
    ]
  }
}

function total(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum
}

function timed(run: () => unknown): number {
  const before = performance.now()
  run()
  return (performance.now() - before) / 1000
}

/** Seconds of one of many calls in a row. */
function perCall(run: () => unknown): Spread {
  const calls = 500
  return spread(
    Array.from(
      { length: 9 },
      () =>
        timed(() => {
          for (let i = 0; i < calls; i++) run()
        }) / calls,
    ).slice(1),
  )
}
