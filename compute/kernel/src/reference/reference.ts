/**
 * The reference backend: JavaScript, one lane, one thread, in order. What the others are compared with bit for bit, and
 * where `console.log` and `debugger` in a kernel work.
 *
 * `runAsync` gives way to the event loop between iterations and stops there when its signal fires. An iteration that never
 * ends cannot be interrupted: it holds the thread, and no timer or signal is heard.
 */
import { CancelledError, NotSupportedError } from '@skein/base'
import type { Backend, BackendOptions, Combination, Launch, Outcome, Program } from '../backend.ts'
import type { KernelIR } from '../ir/ir.ts'
import { type Combine, plain, reduce, scan } from './drive.ts'
import { fromHalf, toHalf } from './float16.ts'
import { type Generated, generate, Stopped } from './generate.ts'

/** How long `runAsync` keeps the event loop at a time. */
const SLICE_MS = 4

const breath = () =>
  new Promise<void>(resolve => {
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else setTimeout(resolve, 0)
  })

type Steps = Generator<undefined, number | bigint | undefined>

class ReferenceProgram implements Program {
  private readonly ir: KernelIR
  private readonly combination: Combination | undefined
  private readonly body: Generated
  private readonly combine: Generated | undefined

  constructor(ir: KernelIR, combination: Combination | undefined, options: BackendOptions) {
    this.ir = ir
    this.combination = combination
    this.body = generate(ir, options)
    if (combination) {
      const combine = { ...combination.combine, name: `${ir.name}.combine` }
      this.combine = generate(combine, { source: [], unsafe: options.unsafe, byScalars: true })
    }
  }

  private get what(): string {
    return `kernel ${this.ir.name}`
  }

  private steps(launch: Launch): Steps {
    const body = this.body.bind(launch.scalars, launch.arrays)
    const c = this.combination
    if (!c) return plain(launch.extents, body)
    const combine = this.combine!.bind([], []) as unknown as Combine
    if (c.kind === 'reduce') return reduce(launch.extents, body, c, combine, launch.rows as Float64Array | undefined)
    return scan(launch.extents, body, c, combine, this.output(launch))
  }

  /** Array 0, written as `store` writes. */
  private output(launch: Launch): { [index: number]: number | bigint; readonly length: number } {
    const a = launch.arrays[0]
    if (this.ir.buffers.find(b => b.space === 'global')?.element !== 'f16') return a as Float64Array
    const bits = new Uint16Array(a.buffer, a.byteOffset, a.byteLength / 2)
    return new Proxy(bits, {
      get: (_, key) => (key === 'length' ? bits.length : fromHalf(bits[Number(key)])),
      set: (_, key, value) => ((bits[Number(key)] = toHalf(value)), true),
    })
  }

  run(launch: Launch): Outcome {
    CancelledError.check(launch.signal, this.what)
    const steps = this.steps(launch)
    try {
      for (;;) {
        const s = steps.next()
        if (s.done) return { value: s.value }
      }
    } catch (error) {
      return failure(error, this.what)
    }
  }

  async runAsync(launch: Launch): Promise<Outcome> {
    CancelledError.check(launch.signal, this.what)
    const steps = this.steps(launch)
    try {
      for (let since = performance.now(); ; ) {
        const s = steps.next()
        if (s.done) return { value: s.value }
        if (performance.now() - since < SLICE_MS) continue
        await breath()
        CancelledError.check(launch.signal, this.what)
        since = performance.now()
      }
    } catch (error) {
      return failure(error, this.what)
    }
  }

  listing(): string {
    return this.combine ? `${this.body.text}\n\n${this.combine.text}` : this.body.text
  }

  dispose(): void {}
}

function failure(error: unknown, what: string): Outcome {
  if (error instanceof Stopped) return { failure: { site: error.site, index: error.index } }
  if (error instanceof RangeError && /call stack/.test(error.message))
    throw new NotSupportedError('reference', what, 'its function needs more stack than there is', 'Split the kernel.')
  throw error
}

export const reference: Backend = {
  name: 'reference',
  unavailable() {
    try {
      new Function('')
      return undefined
    } catch {
      return 'making code from text is forbidden here (--disallow-code-generation-from-strings, or a content security policy)'
    }
  },
  compile: (ir, combination, options) => new ReferenceProgram(ir, combination, options),
}
