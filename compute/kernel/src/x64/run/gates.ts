/**
 * The machine code of gates (`foundation/team/src/gate.ts`): how a thread enters emitted code, and how it comes out of it when that faults or is interrupted.
 *
 * One handler of signals (`signals.ts`) serves all threads. Its thread pointer tells which gate is its thread's, and whether that is inside: then it notes what happened, and lets the thread go on behind the call in
 * its gate, on the stack as it was there. Everything else goes to whoever handled the signal before: V8 has one for the traps of WebAssembly.
 *
 * The table serves the whole process and is never freed, since a handler that stands in a chain cannot be taken out. Isolates find it by a mark in the handler's own code.
 */

import {
  Gates,
  gate,
  gateBytes,
  gateCount,
  header,
  headerBytes,
  interruptSignal,
  statusFaulted,
  statusInterrupted,
  withoutTermination,
} from '@skein/team/native'
import { Assembler } from '../encode/assembler.ts'
import { gpr, type Label, Memory, type Register } from '../encode/operands.ts'
import { handlerOf, handleSignals, lastHandled, stayingInFront } from './signals.ts'
import { system } from './system.ts'

const [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, , r12, r13, r14, r15] = gpr[64]
const [eax, ecx, edx, , , , esi, edi] = gpr[32]

const at = (base: Register, disp: number): Memory => new Memory({ base, disp })

/** Linux, x86-64: of siginfo_t and of ucontext_t, in bytes. */
const siginfo = { code: 8, address: 16 }
const context = { registers: 40, rax: 144, rsp: 160, rip: 168, flags: 176 }
const registerCount = 17
/** Direction, trap and alignment check: what compiled code relies on being off. */
const oddFlags = 0x40500

/** Linux's numbers of system calls. */
const rtSigaction = 13
const getpid = 39
const gettid = 186
const tgkill = 234

/** A jump over it, then this, then the table's address: the handler's beginning says whose it is. The last letter is the layout's version. */
const mark = [...new TextEncoder().encode('skeingt3')]
const markAt = 8
const tableAt = 16
const markBytes = 24

interface Functions {
  readonly bytes: Uint8Array
  readonly handlerAt: number
  readonly enterAt: number
}

const enterBytes = 16

/** mov rax, fs:0. The thread control block begins with its own address. */
const threadPointer = [0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0]
const syscall = [0x0f, 0x05]

const raw = (code: Assembler, bytes: readonly number[]): void => {
  for (const byte of bytes) code.byte(byte)
}

function emitGates(table: number): Functions {
  const code = new Assembler()
  const back = code.label('back')
  const handlerAt = code.at
  emitHandler(code, table, back)
  code.align(16)

  // From here on rax is the thread's gate.
  const enter = code.label('enter')
  code.bind(enter)
  const kept = [rbx, rbp, r12, r13, r14, r15]
  for (const register of kept) code.general('push', [register])
  code.general('push', [rax])
  code.general('mov', [rdi, at(rax, gate.args)])
  code.general('mov', [esi, at(rax, gate.begin)])
  code.general('mov', [edx, at(rax, gate.end)])
  code.general('mov', [ecx, at(rax, gate.place)])
  code.general('mov', [at(rax, gate.stack), rsp])
  code.general('call', [at(rax, gate.code)])
  code.bind(back)
  code.general('vzeroupper')
  code.general('pop', [rbx])
  code.general('mov', [at(rbx, gate.status), eax])
  code.general('xor', [ecx, ecx])
  code.general('mov', [at(rbx, gate.stack), rcx])
  for (const register of kept.toReversed()) code.general('pop', [register])
  code.general('ret')
  code.align(16)

  const { bytes } = code.finish()
  const enterAt = bytes.length
  const all = new Uint8Array(enterAt + gateCount * enterBytes)
  all.set(bytes)
  for (let k = 0; k < gateCount; k++) {
    all.set(
      entering(table + headerBytes + k * gateBytes, enter.at! - (enterAt + k * enterBytes)),
      enterAt + k * enterBytes,
    )
  }
  return { bytes: all, handlerAt, enterAt }
}

/** mov rax, gate; jmp: so many of them that the assembler would take milliseconds. */
function entering(address: number, distance: number): Uint8Array {
  const code = new Uint8Array(enterBytes).fill(0xcc)
  const view = new DataView(code.buffer)
  code.set([0x48, 0xb8])
  view.setBigInt64(2, BigInt(address), true)
  code[10] = 0xe9
  view.setInt32(11, distance - 15, true)
  return code
}

/** handler(signal, siginfo, ucontext). It changes no register that a function may not change. */
function emitHandler(code: Assembler, table: number, back: Label): void {
  raw(code, [0xeb, markBytes - 2])
  while (code.at < markAt) code.byte(0)
  raw(code, mark)
  raw(code, [...new Uint8Array(BigUint64Array.of(BigInt(table)).buffer)])

  const [scan, found, notOurs, breakOff, urgent] = ['scan', 'found', 'notOurs', 'breakOff', 'urgent'].map(name =>
    code.label(name),
  )
  raw(code, threadPointer)
  code.general('mov', [r8, BigInt(table)])
  code.general('mov', [ecx, at(r8, header.count)])
  code.general('lea', [r9, at(r8, headerBytes)])
  code.bind(scan)
  code.general('test', [ecx, ecx])
  code.jump(notOurs, 'e')
  code.general('cmp', [at(r9, gate.thread), rax])
  code.jump(found, 'e')
  code.general('add', [r9, gateBytes])
  code.general('dec', [ecx])
  code.jump(scan)

  code.bind(found)
  code.general('mov', [r10, at(r9, gate.stack)])
  code.general('test', [r10, r10])
  code.jump(notOurs, 'e')
  code.general('cmp', [edi, interruptSignal])
  code.jump(urgent, 'e')
  // Sent by a process, it is no fault.
  code.general('mov', [eax, at(rsi, siginfo.code)])
  code.general('test', [eax, eax])
  code.jump(notOurs, 'le')
  code.general('mov', [at(r9, gate.signal), edi])
  code.general('mov', [at(r9, gate.signalCode), eax])
  code.general('mov', [rax, at(rsi, siginfo.address)])
  code.general('mov', [at(r9, gate.faultAddress), rax])
  for (let k = 0; k < registerCount; k++) {
    code.general('mov', [rax, at(rdx, context.registers + 8 * k)])
    code.general('mov', [at(r9, gate.registers + 8 * k), rax])
  }
  code.general('mov', [eax, statusFaulted >>> 0])
  code.bind(breakOff)
  code.general('mov', [at(rdx, context.rax), rax])
  code.general('mov', [at(rdx, context.rsp), r10])
  code.general('lea', [rax, new Memory({ label: back })])
  code.general('mov', [at(rdx, context.rip), rax])
  code.general('and', [at(rdx, context.flags), ~oddFlags], 64)
  code.general('ret')

  code.bind(urgent)
  code.general('mov', [eax, at(r9, gate.calls)])
  code.general('cmp', [eax, at(r9, gate.interrupted)])
  code.jump(notOurs, 'ne')
  code.general('mov', [eax, statusInterrupted >>> 0])
  code.jump(breakOff)

  code.bind(notOurs)
  const [standard, ignored] = ['standard', 'ignored'].map(name => code.label(name))
  code.general('mov', [eax, edi])
  code.general('mov', [rax, new Memory({ base: r8, index: rax, scale: 8, disp: header.before })])
  code.general('cmp', [rax, 1])
  code.jump(standard, 'b')
  code.jump(ignored, 'e')
  code.general('jmp', [rax])

  // What the system does unless asked: nothing, or it ends the process. Sent once more, it comes when this handler returns.
  code.bind(standard)
  code.general('cmp', [edi, interruptSignal])
  code.jump(ignored, 'e')
  code.general('push', [rbx])
  code.general('mov', [rbx, rdi])
  code.general('lea', [rsi, at(r8, header.standard)])
  code.general('xor', [edx, edx])
  code.general('mov', [r10, 8n])
  code.general('mov', [eax, rtSigaction])
  raw(code, syscall)
  code.general('mov', [eax, gettid])
  raw(code, syscall)
  code.general('mov', [rsi, rax])
  code.general('mov', [eax, getpid])
  raw(code, syscall)
  code.general('mov', [rdi, rax])
  code.general('mov', [rdx, rbx])
  code.general('mov', [eax, tgkill])
  raw(code, syscall)
  code.general('pop', [rbx])
  code.bind(ignored)
  code.general('ret')
}

/** The table that another isolate has made. */
function findTable(): number | undefined {
  const handler = handlerOf(lastHandled)
  if (handler === undefined || handler <= 1) return undefined
  const bytes = new Uint8Array(system().view(handler, markBytes).slice(0))
  if (bytes[0] !== 0xeb || !mark.every((byte, k) => bytes[markAt + k] === byte)) return undefined
  return Number(new DataView(bytes.buffer).getBigUint64(tableAt, true))
}

function makeTable(): number {
  const { pageBytes, map, copy, view, makeExecutable } = system()
  const table = map(headerBytes + gateCount * gateBytes)
  const functions = emitGates(table)
  const codeBytes = Math.ceil(functions.bytes.length / pageBytes) * pageBytes
  const code = map(codeBytes)
  copy(code, functions.bytes)
  makeExecutable(code, codeBytes)
  const words = new DataView(view(table, headerBytes))
  words.setBigInt64(header.handler, BigInt(code + functions.handlerAt), true)
  words.setBigInt64(header.enter, BigInt(code + functions.enterAt), true)
  words.setInt32(header.enterBytes, enterBytes, true)
  handleSignals(words)
  return table
}

function openGates(): Gates {
  const gates = Gates.at(findTable() ?? makeTable())
  gates.stayInFront = stayingInFront(gates.address)
  return gates
}

let gates: Gates | undefined

/** The process's gates. @throws NotSupportedError where machine code cannot run */
export const processGates = (): Gates => (gates ??= withoutTermination(openGates))
