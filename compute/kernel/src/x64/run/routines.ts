/** Code that is no kernel's, such as that of products of matrices: made when first needed, in pages of its own, shared by all that want it, and kept. */

import { type Body, defaultTeam } from '@skein/team'
import { Assembler, type ListedLine } from '../encode/assembler.ts'
import { faultError } from './faults.ts'
import { processGates } from './gates.ts'
import { CodePages } from './pages.ts'

export interface Routine {
  readonly name: string
  readonly pages: CodePages
  readonly emit: (code: Assembler) => void
}

const routines = new Map<string, Routine>()

export const assembled = (emit: Routine['emit'], lists: boolean) => {
  const code = new Assembler(lists)
  emit(code)
  return code.finish()
}

/** Address of the code that `emit` writes. The name says all that it depends on. */
export function routine(name: string, emit: (code: Assembler) => void): number {
  let found = routines.get(name)
  if (found === undefined) {
    found = { name, pages: new CodePages(assembled(emit, false).bytes), emit }
    routines.set(name, found)
  }
  return found.pages.address
}

/** Routines that are kept elsewhere, so that a fault in them is told of as any other. */
export const rememberRoutine = (made: Routine): void => void routines.set(made.name, made)
export const forgetRoutine = (name: string): void => void routines.delete(name)

/** The instructions of a routine. */
export const listingOf = (name: string): readonly ListedLine[] => assembled(routines.get(name)!.emit, true).listing

const bodies = new Map<string, Body>()

/** A routine that threads call: `(job, begin, end, place)`. */
export function bodyOf(name: string, emit: (code: Assembler) => void): Body {
  let found = bodies.get(name)
  if (found === undefined) {
    const functions = { [name]: routine(name, emit) }
    found = defaultTeam().native({ functions, gates: processGates().address, name })
    bodies.set(name, found)
  }
  return found
}

/** What a status that is not 0 says: all that these routines return is 0. */
export function failureOf(status: number): Error {
  const gates = processGates()
  const at = Number(gates.fault(status)?.registers.get('rip') ?? 0n)
  const inside = [...routines.values()].find(({ pages }) => pages.has(at)) ?? [...routines.values()][0]
  const { name, pages } = inside
  const called = { name, address: pages.address, bytes: pages.bytes, listing: () => listingOf(name) }
  return faultError(gates, status, called) ?? new Error(`${name} returned ${status}`)
}
