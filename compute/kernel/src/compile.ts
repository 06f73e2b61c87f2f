/** From a function and the types of its arguments to a program: front end, passes, backend. */
import type { Backend, BackendOptions, Combination, Program } from './backend.ts'
import type { KernelIR } from './ir/ir.ts'
import { printIR } from './ir/print.ts'
import { rewrite } from './ir/rewrite.ts'
import { contract } from './passes/contract.ts'
import { hoistInvariants } from './passes/hoist.ts'
import { expandMath } from './passes/math.ts'
import { invertRoots } from './passes/roots.ts'
import { flattenBranches } from './passes/selects.ts'

export interface Pass {
  name: string
  /** May change the program it is given, except the first, which builds it anew: the front end's stays as it is. */
  run: (ir: KernelIR) => KernelIR
}

/** The passes in order; every backend gets what comes out. */
export function passes(options: Pick<BackendOptions, 'fast'>): Pass[] {
  return [
    { name: 'simplify', run: ir => rewrite(ir) },
    { name: 'math', run: expandMath },
    { name: 'selects', run: flattenBranches },
    { name: 'hoist', run: hoistInvariants },
    ...(options.fast
      ? [
          { name: 'roots', run: invertRoots },
          { name: 'contract', run: contract },
        ]
      : []),
  ]
}

export function optimise(ir: KernelIR, options: Pick<BackendOptions, 'fast'>): KernelIR {
  for (const pass of passes(options)) ir = pass.run(ir)
  return ir
}

/** The IR after the front end and after each pass, as text. */
export function explainPasses(ir: KernelIR, options: Pick<BackendOptions, 'fast'>): { name: string; text: string }[] {
  const steps = [{ name: 'front end', text: printIR(ir) }]
  for (const pass of passes(options)) {
    ir = pass.run(ir)
    steps.push({ name: pass.name, text: printIR(ir) })
  }
  return steps
}

export function compileProgram(
  ir: KernelIR,
  combination: Combination | undefined,
  backend: Backend,
  options: BackendOptions,
): Program {
  const combine = combination && { ...combination, combine: optimise(combination.combine, options) }
  return backend.compile(optimise(ir, options), combine, options)
}
