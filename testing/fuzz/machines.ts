/** What compiles and runs random kernels: the backends, and of machine code all that it is made for. */
import type { Backend, BackendOptions } from '../../compute/kernel/src/backend.ts'
import { wasm } from '../../compute/kernel/src/wasm/index.ts'
import { x64 } from '../../compute/kernel/src/x64/index.ts'
import type { Target } from '../../compute/kernel/src/x64/lower/target.ts'
import { isa } from '../../compute/kernel/src/x64/run/cpu.ts'

export type Compiled = 'wasm' | 'x64'

export interface Machine {
  backend: Compiled
  /** What machine code is made for; absent: what suits this machine. */
  target?: Target
  /** Every variable lives on the stack. */
  naive?: boolean
  /** Small launches run on drafts. */
  drafts?: boolean
  /** Outputs of any size go past the caches. */
  past?: boolean
}

const narrow: Target = { isa: 'avx2', bits: 256 }

/** The same on every machine, so that a seed gives the same ways. */
export const MACHINES: { readonly [backend in Compiled]: readonly Machine[] } = {
  wasm: [{ backend: 'wasm' }],
  x64: [
    { backend: 'x64' },
    { backend: 'x64', target: { isa: 'avx512', bits: 512 } },
    { backend: 'x64', target: narrow },
    { backend: 'x64', target: { isa: 'avx512', bits: 256 } },
    { backend: 'x64', naive: true },
    { backend: 'x64', target: narrow, naive: true },
    { backend: 'x64', drafts: true },
    { backend: 'x64', past: true },
    { backend: 'x64', target: narrow, past: true },
    { backend: 'x64', target: narrow, drafts: true },
  ],
}

export const backendOf = ({ backend }: Machine): Backend => (backend === 'x64' ? x64 : wasm)

/** What a backend takes beside the usual options. */
export const optionsOf = ({ target, naive, drafts, past }: Machine, options: BackendOptions): BackendOptions =>
  ({
    ...options,
    ...(target && { target }),
    ...(naive && { naive }),
    ...(drafts && { drafts }),
    ...(past && { leastPast: 0 }),
  }) as BackendOptions

export const canRun = (m: Machine): boolean =>
  backendOf(m).unavailable() === undefined && (m.target?.isa !== 'avx512' || isa() === 'avx512')

/** The backends that run here. */
export const compiledHere = (): Compiled[] => (['wasm', 'x64'] as const).filter(backend => canRun(MACHINES[backend][0]))

export const told = ({ backend, target, naive, drafts, past }: Machine): string =>
  [
    backend,
    ...(target ? [`for ${target.isa} with ${target.bits} bits`] : []),
    ...(naive ? ['without registers'] : []),
    ...(drafts ? ['on drafts'] : []),
    ...(past ? ['past the caches'] : []),
  ].join(' ')
