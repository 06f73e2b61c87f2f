/**
 * A thread of the team. It watches the epoch: spins for a while, since the next call often comes within microseconds, then
 * sleeps. When the epoch has moved it looks through the jobs for an open one, joins, works, and leaves.
 *
 * All of that is one synchronous loop. What must happen in turns of the event loop (importing a JavaScript body, answering a
 * message, letting a body's own output out) makes the loop return, and `main` enters it again afterwards.
 *
 * This file imports little: a thread's start should cost no more than the engine's own.
 */

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import * as at from './control.ts'
import { pause, systemThreadId } from './cores.ts'
import { type Gate, Gates } from './gate.ts'
import { endWithCare } from './loading.ts'
import type { BodyHeader, Mail, Reply, ThreadData } from './mail.ts'
import { nesting } from './nesting.ts'
import { type Entry, lastCall, workAt } from './schedule.ts'

/** What must be done before a job can be joined: a module be imported, or a gate to machine code be taken. */
type Unmet = Mail | { readonly gates: number }

/** Why the loop returned. */
type Reason = 'closing' | 'mail' | 'turn' | 'idle' | Unmet

interface Loaded {
  readonly version: number
  readonly entries: readonly Entry[]
  readonly wide: boolean
  readonly isModule: boolean
  /** The body cannot be had on this thread; joining a job with it throws this. */
  readonly error?: unknown
}

const { control, layout, thread, memory, memory64, announce, idleMs, gates } = workerData as ThreadData
const c = new Int32Array(control, 0, layout.textsAt / 4)
const floats = new Float64Array(control, 0, Math.floor(layout.textsAt / 8))
const me = at.threadAt(thread)
const bodies: Loaded[] = []

/**
 * Spinning lasts until the clock says so: it adapts between these bounds to whether it paid the last time. After long work it
 * is an eighth of that: others finish theirs a chunk later, and then the next call may come at once.
 */
const shortestSpinMs = 0.02
const longestSpinMs = 0.2
const longestAfterWorkMs = 1
let spinMs = 0.1
let workedMs = 0

/**
 * A JavaScript body ran, and the event loop has to turn for what it left behind: its output goes to the parent a piece per
 * turn, as the parent takes it. Until that is through, sleep is short.
 */
let owesTurn = false
const owedSleepMs = 2

const hasOutput = (): boolean => process.stdout.writableLength > 0 || process.stderr.writableLength > 0

/** Until the epoch moves on from `seen`. Otherwise why not: the event loop must turn first, or nothing has come for long. */
const waitForEpoch = (seen: number): 'turn' | 'idle' | undefined => {
  const until = performance.now() + Math.max(spinMs, Math.min(longestAfterWorkMs, workedMs / 8))
  workedMs = 0
  do {
    for (let i = 0; i < 64; i++) {
      if (Atomics.load(c, at.epoch) !== seen) {
        spinMs = Math.min(longestSpinMs, spinMs * 2)
        return undefined
      }
      pause()
    }
  } while (performance.now() < until)
  spinMs = Math.max(shortestSpinMs, spinMs / 2)
  // In this order, a thread that dies in between leaves the count too high: a wake-up in vain, never one missed.
  Atomics.add(c, at.parked, 1)
  Atomics.store(c, me + at.state, at.sleeping)
  const outcome = Atomics.wait(c, at.epoch, seen, owesTurn ? owedSleepMs : idleMs)
  Atomics.store(c, me + at.state, at.awake)
  Atomics.sub(c, at.parked, 1)
  if (outcome !== 'timed-out') return undefined
  return owesTurn ? 'turn' : 'idle'
}

const loop = (): Reason => {
  for (;;) {
    const seen = Atomics.load(c, at.epoch)
    if (Atomics.load(c, at.closing) !== 0) return 'closing'
    if (Atomics.load(c, me + at.mail) !== 0) return 'mail'
    const found = joinAny()
    if (typeof found !== 'boolean') return found
    const reason = found ? undefined : waitForEpoch(seen)
    if (reason !== undefined) return reason
  }
}

/** Joins the first open job that has a place: true when it worked, or what must be done first. */
const joinAny = (): boolean | Unmet => {
  for (let number = 0; number < at.jobCount; number++) {
    const j = at.jobAt(layout, number)
    if (Atomics.load(c, j + at.phase) !== at.open) continue
    Atomics.store(c, me + at.job, number + 1)
    if (Atomics.load(c, j + at.phase) === at.open) {
      const body = bodyOf(j)
      if (!('entries' in body)) {
        leave(number, j)
        return body
      }
      // A synchronous caller sits in place 0, so the first thread prefers place 1.
      const place = at.takePlace(c, j, number === 0 ? thread + 1 : thread)
      if (place >= 0) {
        workIn(j, place, body)
        leave(number, j)
        return true
      }
    }
    leave(number, j)
  }
  return false
}

const workIn = (j: number, place: number, body: Loaded): void => {
  c[me + at.place] = place
  c[me + at.calls]++
  owesTurn ||= body.isModule
  nesting.depth = 1
  const from = performance.now()
  try {
    if (body.error !== undefined) {
      lastCall.begin = c[j + at.begin]
      lastCall.end = c[j + at.end]
      throw body.error
    }
    const args = floats[(j + at.args) >> 1]
    workAt(c, j, place, body.entries[c[j + at.exported]], body.wide ? BigInt(args) : args)
  } catch (error) {
    if (Atomics.compareExchange(c, j + at.thrower, 0, thread + 1) === 0) describeFailure(error)
    Atomics.store(c, j + at.stop, 1)
  } finally {
    nesting.depth = 0
    workedMs = performance.now() - from
  }
  // No work is left, or none is wanted: no one else needs to come in.
  Atomics.compareExchange(c, j + at.phase, at.open, at.closed)
}

const leave = (number: number, j: number): void => {
  Atomics.store(c, me + at.job, 0)
  if (number === 0) {
    if (Atomics.load(c, j + at.waiting) !== 0) Atomics.notify(c, me + at.job)
  } else if (at.completes(c, layout, number)) {
    Atomics.notify(c, j + at.phase)
    if (announce) parentPort!.postMessage({ done: number } satisfies Reply)
  }
}

/** The message, cut to the kilobyte there is for it: length, then UTF-8. */
const describeFailure = (error: unknown): void => {
  c[me + at.failBegin] = lastCall.begin
  c[me + at.failEnd] = lastCall.end
  const text = new Uint8Array(control, layout.textsAt + thread * at.textBytes, at.textBytes)
  const bytes = new Uint8Array(at.textBytes - 2)
  const { written } = new TextEncoder().encodeInto(sayThrown(error), bytes)
  text[0] = written & 0xff
  text[1] = written >>> 8
  text.set(bytes.subarray(0, written), 2)
}

const sayThrown = (error: unknown): string => {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  } catch {
    return 'a value that cannot be read'
  }
}

const bodyOf = (j: number): Loaded | Unmet => {
  const known = bodies[c[j + at.bodyIndex]]
  return known !== undefined && known.version === c[j + at.bodyVersion] ? known : loadHere(j)
}

/** Another thread has grown the memory and this one has not heard of it yet: growing by nothing makes it look. */
const lookAgain = (): void => {
  try {
    memory.grow((memory64 ? 0n : 0) as number)
  } catch {
    memory.grow(0) // V8 before 13 counts 64-bit memories in plain numbers.
  }
}

/** Compiles a wasm body (the engine has the code already, by its bytes); of others it may say what is yet to be done. */
const loadHere = (j: number): Loaded | Unmet => {
  const index = c[j + at.bodyIndex]
  const version = c[j + at.bodyVersion]
  let loaded: Loaded
  try {
    const address = floats[(j + at.bodyAddress) >> 1]
    const length = c[j + at.bodyLength]
    if (memory.buffer.byteLength < address + length) lookAgain()
    const blob = new Uint8Array(memory.buffer, address, length).slice()
    const bytesAt = 4 + new DataView(blob.buffer).getUint32(0, true)
    const header = JSON.parse(new TextDecoder().decode(blob.subarray(4, bytesAt))) as BodyHeader
    if (header.kind === 'module') return { index, version, url: header.url!, exportName: header.exports[0] }
    if (header.kind === 'native') {
      const gate = gatesTaken.get(header.gates!)
      if (gate === undefined) return { gates: header.gates! }
      if (!('call' in gate)) throw gate.error
      loaded = { version, entries: header.code!.map(code => gate.entryOf(code)), wide: false, isModule: false }
    } else {
      const module = new WebAssembly.Module(blob.subarray(bytesAt))
      const { exports } = new WebAssembly.Instance(module, { env: { memory } })
      const entries = header.exports.map(name => exports[name] as Entry)
      loaded = { version, entries, wide: memory64, isModule: false }
    }
  } catch (error) {
    loaded = { version, entries: [], wide: false, isModule: false, error }
  }
  bodies[index] = loaded
  return loaded
}

/** By table the gate that this thread has taken, or why it could not. */
const gatesTaken = new Map<number, Gate | { readonly error: unknown }>()

/** Takes some milliseconds the first time, for koffi may have to be loaded: nobody waits for this thread meanwhile. */
const takeGate = (table: number): void => {
  try {
    gatesTaken.set(table, Gates.at(table).mine)
  } catch (error) {
    gatesTaken.set(table, { error })
  }
}

const importHere = async ({ index, version, url, exportName }: Mail): Promise<void> => {
  if (bodies[index]?.version === version) return
  let entry: Entry | undefined
  let error: unknown
  try {
    const module = (await import(url)) as Record<string, Entry>
    entry = module[exportName]
    if (typeof entry !== 'function') error = new TypeError(`${url} exports no function ${exportName}`)
  } catch (thrown) {
    error = thrown ?? new Error('the module threw nothing')
  }
  bodies[index] = { version, entries: [entry!], wide: false, isModule: true, error }
}

const readMail = async (): Promise<void> => {
  Atomics.store(c, me + at.mail, 0)
  for (let received = receiveMessageOnPort(parentPort!); received; received = receiveMessageOnPort(parentPort!)) {
    const mail = received.message as Mail
    await importHere(mail)
    const { index: loaded, version } = mail
    const error = bodies[loaded].error
    parentPort!.postMessage({
      loaded,
      version,
      ...(error !== undefined && { error: sayThrown(error) }),
    } satisfies Reply)
  }
}

nesting.isTeamThread = true
endWithCare()
c[me + at.systemId] = systemThreadId()
// However this thread ends, a caller that waits for it without turning its event loop can see that it did.
let last: number = at.gone
process.on('exit', () => {
  Atomics.store(c, me + at.state, last)
  Atomics.notify(c, me + at.job)
})
if (gates !== undefined) takeGate(gates)
Atomics.store(c, me + at.state, at.awake)

for (;;) {
  const reason = loop()
  if (reason === 'closing') break
  if (reason === 'idle') {
    last = at.retired
    break
  }
  if (reason === 'mail') await readMail()
  else if (reason !== 'turn' && 'gates' in reason) takeGate(reason.gates)
  else if (reason !== 'turn') await importHere(reason)
  await new Promise(resolve => setImmediate(resolve))
  owesTurn &&= hasOutput()
}
process.exit(0)
