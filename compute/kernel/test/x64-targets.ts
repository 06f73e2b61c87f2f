/** What code can be made for on this machine: the widest first. */

import { x64 } from '../src/x64/index.ts'
import type { Target } from '../src/x64/lower/target.ts'
import { isa } from '../src/x64/run/cpu.ts'

/** Where machine code cannot run, one that a skipped test names. */
export function targets(): Target[] {
  const narrow: Target = { isa: 'avx2', bits: 256 }
  if (x64.unavailable() !== undefined || isa() === 'avx2') return [narrow]
  return [{ isa: 'avx512', bits: 512 }, { isa: 'avx512', bits: 256 }, narrow]
}
