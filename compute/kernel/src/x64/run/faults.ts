/** A fault of emitted code, told as what it is: a defect of the compiler, or of a kernel that asked for no checks, with the place and the registers. */

import { InternalError } from '@skein/base'
import { type Fault, type Gates, statusInterrupted } from '@skein/team/native'
import { UnsafeAccessError } from '../../errors.ts'
import type { Location } from '../../ir/ir.ts'
import type { ListedLine } from '../encode/assembler.ts'

/** What is known of the code that was called. */
export interface CalledCode {
  readonly name: string
  readonly address: number
  readonly bytes: number
  /** Its instructions, and where in the source they come from; made when asked for. */
  readonly listing?: () => readonly (ListedLine & { readonly loc?: Location | undefined })[]
  /** Lines of the source. */
  readonly source?: readonly string[]
  /** The kernel whose code it is, if that asked for no checks: memory that is not there is its own affair. */
  readonly unsafe?: string | undefined
}

const signals: { readonly [number: number]: string } = {
  4: 'SIGILL: no instruction of this CPU',
  5: 'SIGTRAP: it ran into the padding',
  7: 'SIGBUS: memory that is misaligned, or of a file that has become shorter',
  8: 'SIGFPE: a division that has no result',
  11: 'SIGSEGV: memory that is not there, or not to be written',
}
const sigtrap = 5
/** Signals that are about an address. */
const aboutMemory = [7, 11]

const hex = (value: number | bigint): string => `0x${value.toString(16)}`

function placeOf({ signal, registers }: Fault, { address, bytes, listing, source }: CalledCode): string[] {
  // A trap is told of when the instruction is over.
  const offset = Number(registers.get('rip')!) - address - (signal === sigtrap ? 1 : 0)
  if (!(offset >= 0 && offset < bytes)) return [`at ${hex(registers.get('rip')!)}, outside of its code`]
  const isInstruction = ({ at, text }: ListedLine) => at <= offset && !text.startsWith(';') && !text.endsWith(':')
  const instruction = listing?.().findLast(isInstruction)
  const place = `at byte ${hex(offset)} of ${hex(bytes)}`
  if (instruction === undefined) return [place]
  const { text, loc } = instruction
  const line = loc && `in line ${loc.line}${source ? `: ${source[loc.line - 1]?.trim()}` : ''}`
  return [`${place}, ${text}`, ...(line ? [line] : [])]
}

/** The error of a call that was broken off; undefined for a status that is the code's own. */
export function faultError(
  gates: Gates,
  status: number,
  code: CalledCode,
): InternalError | UnsafeAccessError | undefined {
  const invariant = `the machine code of ${code.name} never faults`
  if (status === statusInterrupted) return new InternalError(`${invariant}, nor is it interrupted without being asked`)
  const fault = gates.fault(status)
  if (fault === undefined) return undefined
  const { signal, signalCode, address, registers } = fault
  const about = aboutMemory.includes(signal) && signalCode > 0 && signalCode < 128 ? `, at ${hex(address)}` : ''
  const told = [...registers].map(([name, value]) => `${name} ${hex(value)}`)
  const story = [
    `${signals[signal] ?? `signal ${signal}`}${about}`,
    ...placeOf(fault, code),
    `registers: ${told.join(', ')}`,
  ]
  const isAsked = code.unsafe !== undefined && aboutMemory.includes(signal)
  return isAsked ? new UnsafeAccessError(code.unsafe!, story) : new InternalError(invariant, story)
}
