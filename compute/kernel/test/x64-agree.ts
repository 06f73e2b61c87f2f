/** Kernels as machine code, for all that it can be made for here, against the reference. */

import assert from 'node:assert/strict'
import type { Launch, Outcome } from '../src/backend.ts'
import { compileProgram } from '../src/compile.ts'
import { parseFunction } from '../src/front/source.ts'
import { atomic } from '../src/index.ts'
import { reference } from '../src/reference/index.ts'
import { bindArguments, type Definition, lowerFor, typesOf } from '../src/specialise.ts'
import { x64 } from '../src/x64/index.ts'
import type { Target } from '../src/x64/lower/target.ts'
import { targets } from './x64-targets.ts'

export type Numbers = ArrayBufferView & { [index: number]: number; readonly length: number }

/** A kernel's text as IR, for arguments like these. */
export function lowered(source: string, args: unknown[]) {
  const fn = new Function('atomic', `return ${source}`)(atomic)
  const d: Definition = {
    kind: 'kernel',
    fn: parseFunction(fn, 'test'),
    use: { atomic },
    float: 'f32',
    fast: false,
    unsafe: false,
    call: 'test',
    operator: undefined,
  }
  const types = typesOf(d, args)
  return { types, lowered: lowerFor(d, types, undefined).lowered }
}

/** Runs a kernel of n positions on a backend. */
function run(source: string, n: number, args: unknown[], target: Target | undefined): Outcome {
  const { types, lowered: made } = lowered(source, args)
  const options = { fast: false, unsafe: false, source: [], worthCopies: 0, ...(target && { target }) }
  const program = compileProgram(made.ir, undefined, target ? x64 : reference, options)
  try {
    const launch: Launch = {
      extents: [{ begin: 0, end: n, step: 1 }],
      scalars: [],
      arrays: [],
      threads: 1,
      schedule: 'static',
      chunk: undefined,
    }
    bindArguments(types, args, { bound: made.bound } as never, launch)
    return program.run(launch)
  } finally {
    program.dispose()
  }
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
