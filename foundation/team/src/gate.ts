/**
 * Gates: where threads enter machine code. A call by way of koffi costs 12 ns, and 10 more for each argument, and a function that it is to call some microseconds and memory that it never gives back; so a thread writes the function's address and its arguments into memory and calls, without
 * arguments, a few instructions that know where those lie. They also note the stack, so that a fault, or whoever wants the thread back, can break the call off (`break off` below).
 *
 * Gates are a table in memory that all threads of the process share, made of machine code by whoever brings bodies of it (the x64 backend of kernels):
 *
 *     header      one page: how many gates have been taken, functions, what handled signals before
 *     gates       256 bytes each, one for every thread; numbered
 *
 * A thread takes the first gate that is free, or whose thread is no more. It never gives it back: one that is terminated has no last word.
 *
 * To break off: a fault of a thread that is inside, or the signal SIGURG after `interrupted` was set to the number of its call, sends it back to its gate, which returns a status below zero.
 * This is sound for code that holds nothing but registers and its stack: no lock, no memory of its own.
 */

import { existsSync } from 'node:fs'
import { systemThreadId } from './cores.ts'
import { foreign } from './foreign.ts'
import { withoutTermination } from './loading.ts'
import type { Entry } from './schedule.ts'

/** Bytes of the header, of a gate, and how many there are. */
export const headerBytes = 4096
export const gateBytes = 256
export const gateCount = 1024

/** Of the header. */
export const header = {
  /** Gates that were ever taken: those a signal handler looks at. */
  count: 0,
  /** Address of the handler of signals. */
  handler: 8,
  /** Address of the functions that are called, without arguments, to enter: of each gate one, so many bytes apart. */
  enter: 16,
  enterBytes: 24,
  /** What is given to the system to handle a signal as if nobody had asked for anything. */
  standard: 32,
  /** By signal: who handled it before. */
  before: 64,
} as const

/** Of a gate: where what stands, in bytes. */
export const gate = {
  /** The thread pointer, which is what `pthread_self` returns and what stands at the segment `fs`; 0: nobody's. */
  thread: 0,
  /** The system's number of the thread. */
  systemId: 8,
  code: 16,
  args: 24,
  begin: 32,
  end: 36,
  place: 40,
  status: 44,
  /** The stack of a thread that is inside; 0: it is not. */
  stack: 48,
  /** Its calls so far. */
  calls: 56,
  /** The call that is to be broken off. */
  interrupted: 60,
  /** Of the last fault: signal, its code, the address it was about, registers as in the system's `gregs`. */
  signal: 64,
  signalCode: 68,
  faultAddress: 72,
  registers: 80,
} as const

/** In the order of `gregs`. */
export const registerNames = [
  ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'],
  ...['rdi', 'rsi', 'rbp', 'rbx', 'rdx', 'rax', 'rcx', 'rsp', 'rip'],
] as const

/** What the code before the gate returns instead of the function's status. A fault's is this, plus the gate's number. */
export const statusFaulted = -0x8000_0000
export const statusInterrupted = -0x4000_0000

/** In the place of a thread pointer while a thread takes the gate. */
const taking = -1n

/** Interrupts a thread that is inside, and does nothing to others: what the system does with it unless asked is nothing. */
export const interruptSignal = 23 // SIGURG

/** A fault of machine code: a defect of whoever emitted it. */
export interface Fault {
  readonly signal: number
  readonly signalCode: number
  /** What it tried to reach, if the signal is about memory. */
  readonly address: number
  readonly registers: ReadonlyMap<(typeof registerNames)[number], bigint>
}

/** Whether a thread is no more. Where there is no /proc, threads have no number, and nobody knows. */
const isOver = (systemId: number): boolean => systemId !== 0 && !existsSync(`/proc/self/task/${systemId}`)

const viewOf = (address: number, bytes: number): ArrayBuffer => foreign().view(address, bytes)

/** What a thread makes of one table of gates. */
export class Gates {
  readonly address: number
  readonly #header: Int32Array
  readonly #threads: BigInt64Array[] = []

  private constructor(address: number) {
    this.address = address
    this.#header = new Int32Array(viewOf(address, headerBytes))
  }

  static #known = new Map<number, Gates>()

  /** The same on every call with this address. */
  static at(address: number): Gates {
    let found = Gates.#known.get(address)
    if (found === undefined) Gates.#known.set(address, (found = new Gates(address)))
    return found
  }

  #words(number: number): Int32Array {
    return new Int32Array(this.#long(number).buffer)
  }

  #long(number: number): BigInt64Array {
    this.#threads[number] ??= new BigInt64Array(viewOf(this.address + headerBytes + number * gateBytes, gateBytes))
    return this.#threads[number]
  }

  #pointer(at: number): number {
    return this.#header[at / 4 + 1] * 2 ** 32 + (this.#header[at / 4] >>> 0)
  }

  /** Sees to it that signals come to the handler, which a program may have put another in front of; whoever made the table knows how. */
  stayInFront: () => void = () => {}

  #mine: Gate | undefined

  /** This thread's gate. @throws Error when more threads live than there are gates */
  get mine(): Gate {
    return (this.#mine ??= withoutTermination(() => this.#take()))
  }

  #take(): Gate {
    const number = this.#find(BigInt(foreign().libc('pthread_self', 'l', '')()))
    const enter = this.#pointer(header.enter) + number * this.#header[header.enterBytes / 4]
    return new Gate(number, this.#words(number), foreign().entry(enter))
  }

  /** A gate that becomes this thread's, whose pointer is given. */
  #find(self: bigint): number {
    const count = (): number => Atomics.load(this.#header, header.count / 4)
    // A thread that is no more had the same pointer.
    for (let number = 0; number < count(); number++) {
      if (this.#long(number)[0] !== self) continue
      this.#words(number)[gate.systemId / 4] = systemThreadId()
      return number
    }
    for (const isBuried of [false, true]) {
      for (let number = 0; number < gateCount; number++) {
        const long = this.#long(number)
        const owner = Atomics.load(long, 0)
        if (owner === taking) continue
        const words = this.#words(number)
        const isFree = owner === 0n || (isBuried && isOver(words[gate.systemId / 4]))
        if (!isFree || Atomics.compareExchange(long, 0, owner, taking) !== owner) continue
        words[gate.systemId / 4] = systemThreadId()
        Atomics.store(long, 0, self)
        for (let c = count(); c <= number; c = count()) Atomics.compareExchange(this.#header, 0, c, number + 1)
        return number
      }
    }
    throw new Error(`more than ${gateCount} threads call machine code`)
  }

  /** Breaks off what a thread, known by the system's number, is running, if it is inside. Whether it was. */
  interrupt(systemId: number): boolean {
    for (let number = 0; number < Atomics.load(this.#header, header.count / 4); number++) {
      const words = this.#words(number)
      if (words[gate.systemId / 4] !== systemId || this.#long(number)[gate.stack / 8] === 0n) continue
      this.stayInFront()
      // If the thread goes on to another call meanwhile, the signal finds other numbers and does nothing.
      Atomics.store(words, gate.interrupted / 4, Atomics.load(words, gate.calls / 4))
      signalThread(systemId, interruptSignal)
      return true
    }
    return false
  }

  /** What happened in a call that returned this status; undefined where it is another's. */
  fault(status: number): Fault | undefined {
    const number = status - statusFaulted
    if (number < 0 || number >= gateCount) return undefined
    const words = this.#words(number)
    const long = this.#long(number)
    return {
      signal: words[gate.signal / 4],
      signalCode: words[gate.signalCode / 4],
      address: Number(BigInt.asUintN(64, long[gate.faultAddress / 8])),
      registers: new Map(
        registerNames.map((name, k) => [name, BigInt.asUintN(64, long[gate.registers / 8 + k])] as const),
      ),
    }
  }
}

/** tgkill, of this process's threads. */
let signalThread = (systemId: number, signal: number): void => {
  const call = foreign().libc('syscall', 'l', 'llll')
  const tgkill = 234
  signalThread = (thread, number) => void call(tgkill, process.pid, thread, number)
  signalThread(systemId, signal)
}

/** One thread's. */
export class Gate {
  readonly number: number
  readonly #words: Int32Array
  readonly #enter: () => void

  constructor(number: number, words: Int32Array, enter: () => void) {
    this.number = number
    this.#words = words
    this.#enter = enter
  }

  /** Calls a function at an address as C does: `int (int64 args, int begin, int end, int place)`. */
  call(code: number, args: number, begin: number, end: number, place: number): number {
    const w = this.#words
    w[gate.code / 4] = code
    w[gate.code / 4 + 1] = code / 2 ** 32
    w[gate.args / 4] = args
    w[gate.args / 4 + 1] = args / 2 ** 32
    w[gate.begin / 4] = begin
    w[gate.end / 4] = end
    w[gate.place / 4] = place
    w[gate.calls / 4]++
    this.#enter()
    const status = w[gate.status / 4]
    return status === statusFaulted ? status + this.number : status
  }

  /** The same of one function, as schedules call it. */
  entryOf(code: number): Entry {
    return (args, begin, end, place) => this.call(code, args as number, begin, end, place)
  }
}
