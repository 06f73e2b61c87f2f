/** Reductions of the values of all ranks, in the order of ranks. */

import type { Op } from '../op.ts'
import { reduceValues } from '../reduce/values.ts'

export const fold = (op: Op, values: readonly unknown[]): unknown => values.reduce((a, b) => reduceValues(op, a, b))
