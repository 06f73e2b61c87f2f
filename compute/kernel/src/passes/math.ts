/**
 * Replaces every call of a function of `Math` by its expansion into plain operations. Runs after typing and before the
 * passes that fold, merge and vectorise: the expansions take part in all of them.
 */
import type { KernelIR } from '../ir/ir.ts'
import { rewrite } from '../ir/rewrite.ts'
import { expand, isRoutine } from '../math/index.ts'

export function expandMath(ir: KernelIR): KernelIR {
  return rewrite(ir, (v, args, b) => (v.op === 'math' && !isRoutine(v.attr) ? expand(b, v.attr, args) : undefined))
}
