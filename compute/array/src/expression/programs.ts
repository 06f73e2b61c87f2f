/** Kernels that were made, by their form; the oldest are given up when there are many. */

import {
  type Backend,
  type BackendName,
  backendInUse,
  backends,
  type Combination,
  compileUnchecked,
  type KernelIR,
  type Program,
} from '@skein/kernel/compiler'

const most = 1000

const programs = new Map<string, Program>()
const kept = new WeakSet<Program>()
let asked: Backend | undefined
/** Found out once: to ask the environment takes a microsecond. */
let usual: Backend | undefined

export const counts = { compiled: 0, launched: 0 }

/** Which backend kernels run on from now on; undefined: the usual one. */
export function useBackend(name: BackendName | undefined): void {
  asked = name === undefined ? undefined : backends[name]
}

/** What is to be compiled. */
export interface Made {
  readonly ir: KernelIR
  readonly combination?: Combination
}

/** Whether somebody has chosen it. */
export const backendIsAsked = (): boolean => asked !== undefined

/** Which backend kernels run on. */
export const backendNow = (): Backend => asked ?? (usual ??= backendInUse())

/** It has not been given up. */
export const isKept = (program: Program): boolean => kept.has(program)

/** A program that is remembered with what it was made for. */
export interface Known {
  readonly program: Program
  readonly backend: Backend
}

export const knownOf = (program: Program): Known => ({ program, backend: backendNow() })

/** The program, if it is still there and for the backend that kernels run on. */
export const programNow = (known: Known | undefined): Program | undefined =>
  known !== undefined && known.backend === backendNow() && isKept(known.program) ? known.program : undefined

export function programOf(form: string, make: () => Made): Program {
  const backend = backendNow()
  const key = `${backend.name} ${form}`
  const known = programs.get(key)
  if (known !== undefined) return known
  const { ir, combination } = make()
  const program = compileUnchecked(ir, combination, backend)
  counts.compiled++
  programs.set(key, program)
  kept.add(program)
  if (programs.size > most) {
    const [oldest] = programs
    programs.delete(oldest[0])
    kept.delete(oldest[1])
    oldest[1].dispose()
  }
  return program
}
