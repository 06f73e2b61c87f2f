/**
 * Which signals come to the handler of gates, and what it hands on.
 *
 * Whoever asks for a signal later has it alone: `process.on('SIGURG', …)` puts libuv's handler in the place of ours, and `process.off` then the system's. A fault of emitted code would come back to
 * the same instruction for ever, or end the process, and a call could not be broken off. So ours is put in front again, with theirs behind it: when a program's listeners change, before a thread is
 * interrupted, and when a thread first asks for gates. It does not go in front of a handler that may itself hand signals on to ours.
 */

import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import { InternalError } from '@skein/base'
import { header, headerBytes, interruptSignal } from '@skein/team/native'
import { system } from './system.ts'

const { SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV } = constants.signals

/** In this order, so that the table can be found once the last one is there. */
const handled = [SIGILL, SIGTRAP, SIGBUS, SIGFPE, interruptSignal, SIGSEGV]
export const lastHandled = SIGSEGV

/** libc's struct sigaction. */
const action = { bytes: 152, mask: 8, maskBytes: 128, flags: 136 }
const saSiginfo = 4
const saOnStack = 0x0800_0000
const saRestart = 0x1000_0000

/** The address of who handles a signal, 0 for the system's own way and 1 for nobody; undefined where the system does not tell. */
export function handlerOf(signal: number): number | undefined {
  const old = new Uint8Array(action.bytes)
  if (!system().sigaction(signal, null, old)) return undefined
  return Number(new DataView(old.buffer).getBigUint64(0, true))
}

/** Ours handles a signal from now on, and hands on to who did before. */
function handle(words: DataView, signal: number, before: number): void {
  words.setBigInt64(header.before + 8 * signal, BigInt(before), true)
  const asked = new Uint8Array(action.bytes)
  const fields = new DataView(asked.buffer)
  fields.setBigInt64(0, words.getBigInt64(header.handler, true), true)
  // libuv's handler takes a lock: another signal on the same thread meanwhile would wait for it for ever.
  asked.fill(0xff, action.mask, action.mask + action.maskBytes)
  fields.setInt32(action.flags, saSiginfo | saOnStack | saRestart, true)
  if (!system().sigaction(signal, asked, null)) throw new InternalError(`signal ${signal} can be handled`)
}

/** @param words the header of a table of gates */
export function handleSignals(words: DataView): void {
  for (const signal of handled) {
    const before = handlerOf(signal)
    if (before === undefined) throw new InternalError(`signal ${signal} can be handled`)
    handle(words, signal, before)
  }
}

/** Handlers that hand nothing on to ours. */
const ends = new Map<number, boolean>([
  [0, true],
  [1, true],
])

/** Whether a handler that came after ours is libuv's, the only one in Node that does: in the program itself, or in a library of the name. */
function isEnd(handler: number): boolean {
  let known = ends.get(handler)
  if (known === undefined) ends.set(handler, (known = isOfNode(handler)))
  return known
}

function isOfNode(address: number): boolean {
  try {
    for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
      const [range, , , , , path] = line.split(/ +/)
      const [from, to] = range.split('-').map(text => Number.parseInt(text, 16))
      if (address >= from && address < to) return path === process.execPath || /\/lib(uv|node)\.so/.test(path)
    }
  } catch {
    // No /proc, or not permitted to read it: then nobody knows.
  }
  return false
}

const nameOf = new Map<unknown, number>(Object.entries(constants.signals))

/** What puts the handler of a table of gates in front again, where it is not; called at once, and by itself whenever this program's listeners change. */
export function stayingInFront(table: number): () => void {
  const words = new DataView(system().view(table, headerBytes))
  const ours = Number(words.getBigInt64(header.handler, true))
  const stay = (): void => {
    for (const signal of handled) {
      const found = handlerOf(signal)
      if (found !== undefined && found !== ours && isEnd(found)) handle(words, signal, found)
    }
  }
  stay()
  if (isMainThread) {
    // Node's own listeners of these events, which call libuv, are older.
    const changed = (name: unknown): void => {
      if (handled.includes(nameOf.get(name) ?? 0)) stay()
    }
    process.on('newListener', changed)
    process.on('removeListener', changed)
  }
  return stay
}
