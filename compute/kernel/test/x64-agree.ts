/** Kernels as machine code, for all that it can be made for here, against the reference. */

import assert from 'node:assert/strict'
import type { Launch, Outcome } from '../src/backend.ts'
import { compileProgram } from '../src/compile.ts'
import { elementOfArray } from '../src/front/signature.ts'
import { parseFunction } from '../src/front/source.ts'
import { atomic } from '../src/index.ts'
import { reference } from '../src/reference/index.ts'
import { bindArguments, type Definition, lowerFor, typesOf } from '../src/specialise.ts'
import { x64 } from '../src/x64/index.ts'
import type { Target } from '../src/x64/lower/target.ts'
import { targets } from './x64-targets.ts'

export type Numbers = ArrayBufferView & { [index: number]: number; readonly length: number }

/** What is compiled: a kernel's body, or the function and the operator of a reduction or a scan. */
export interface Asked {
  readonly source: string
  readonly kind?: Definition['kind']
  readonly operator?: Definition['operator']
}

export interface Compiled extends Disposable {
  /** Runs over n positions. Of a scan the output comes first. */
  run(n: number, args: unknown[]): Outcome
}

/** A kernel's text as IR, for arguments like these. @param out of a scan */
function lowerAsked({ source, kind = 'kernel', operator }: Asked, args: unknown[], out?: unknown) {
  const fn = new Function('atomic', `return ${source}`)(atomic)
  const d: Definition = {
    kind,
    fn: parseFunction(fn, 'test'),
    use: { atomic },
    float: 'f32',
    fast: false,
    unsafe: false,
    call: 'test',
    operator,
  }
  const types = typesOf(d, args)
  return { types, ...lowerFor(d, types, kind === 'scan' ? elementOfArray(out) : undefined) }
}

/** A kernel's text as IR, for arguments like these. */
export const lowered = (source: string, args: unknown[]) => lowerAsked({ source }, args)

/** Compiles for arguments such as these; without a target for the reference. */
export function compileFor(asked: Asked, args: unknown[], target?: Target): Compiled {
  const leading = asked.kind === 'scan' ? 1 : 0
  const { types, lowered, combination } = lowerAsked(asked, args.slice(leading), args[0])
  const options = { fast: false, unsafe: false, source: [], worthCopies: 0, ...(target && { target }) }
  const program = compileProgram(lowered.ir, combination, target ? x64 : reference, options)
  return {
    run(n, args) {
      const launch: Launch = {
        extents: [{ begin: 0, end: n, step: 1 }],
        scalars: [],
        arrays: args.slice(0, leading) as Numbers[],
        threads: 1,
        schedule: 'static',
        chunk: undefined,
      }
      bindArguments(types, args.slice(leading), { bound: lowered.bound } as never, launch)
      return program.run(launch)
    },
    [Symbol.dispose]: () => program.dispose(),
  }
}

/** Runs a kernel of n positions on a backend. */
function run(source: string, n: number, args: unknown[], target: Target | undefined): Outcome {
  using compiled = compileFor({ source }, args, target)
  return compiled.run(n, args)
}

/** The last argument is what is written; where the kernel fails, only that is compared. */
export function agree(source: string, n: number, makeArguments: () => unknown[], how: string): void {
  const expected = makeArguments()
  const right = run(source, n, expected, undefined)
  for (const target of targets()) {
    const found = makeArguments()
    const outcome = run(source, n, found, target)
    assert.deepEqual(outcome, right, `${how}, ${target.isa} ${target.bits}`)
    if ('failure' in right) continue
    const [a, b] = [expected.at(-1), found.at(-1)] as Numbers[]
    for (let i = 0; i < a.length; i++)
      if (!Object.is(a[i], b[i])) assert.fail(`${how}, ${target.isa} ${target.bits}: [${i}] is ${b[i]}, not ${a[i]}`)
  }
}
