// What a program may reach past its world: the engine's own clock, timers and chance. Their answers differ from run to run, so in a simulation they refuse, or
// answer with those of the node whose event it is. What runs beside the simulation, outside of it, finds them as ever.
import { asyncStorage, registerError, SkeinError } from '@skein/base'
import type { Simulation } from './simulation.ts'

/** `refuse`: they throw NotSimulatedError. `simulate`: they give the node's time and chance. `leave`: they are left alone, and runs no longer repeat. */
export type GlobalsPolicy = 'refuse' | 'simulate' | 'leave'

/** Something of the real world was asked for in a simulated one. */
export class NotSimulatedError extends SkeinError {
  static {
    registerError(NotSimulatedError, 'NotSimulatedError')
  }
  declare readonly call: string
  constructor(call: string, instead: string) {
    const message = `${call} was called in a simulation: its answer differs from run to run. Use ${instead}, or simulate with { globals: 'simulate' }.`
    super('SKEIN_NOT_SIMULATED', message, { call })
  }
}

interface Inside {
  readonly simulation: Simulation
  readonly policy: GlobalsPolicy
}

/** One of the engine's functions, and what stands in for it. */
interface Replaced {
  readonly owner: object
  readonly key: string
  readonly call: string
  readonly instead: string
  /** What it does where it is simulated, given what it is otherwise. */
  readonly simulated: (simulation: Simulation) => (...given: any[]) => unknown
}

const timer =
  (repeats: boolean) =>
  (simulation: Simulation) =>
  (run: (...given: unknown[]) => void, delayMs = 0, ...given: unknown[]) => {
    const { loop } = simulation
    const party = loop.current
    const handle = {
      event: loop.schedule(Math.max(repeats ? 1 : 0, delayMs), party, happen),
      unref: () => handle,
      ref: () => handle,
    }
    function happen(): void {
      if (repeats) handle.event = loop.schedule(Math.max(1, delayMs), party, happen)
      run(...given)
    }
    return handle
  }
const cleared = (simulation: Simulation) => (handle?: { event: Parameters<typeof simulation.loop.cancel>[0] }) =>
  handle && simulation.loop.cancel(handle.event)

const wallMs = (simulation: Simulation): number => Math.floor(simulation.currentNode?.wallMs ?? simulation.timeMs)

const replaced: readonly Replaced[] = [
  { owner: Date, key: 'now', call: 'Date.now()', instead: 'world.clock.wallMs()', simulated: s => () => wallMs(s) },
  {
    owner: performance,
    key: 'now',
    call: 'performance.now()',
    instead: 'world.clock.monotonicMs()',
    simulated: s => () => s.currentNode?.localMs ?? s.timeMs,
  },
  {
    owner: Math,
    key: 'random',
    call: 'Math.random()',
    instead: 'world.chance.uniform()',
    simulated: s => () => s.chance.uniform(),
  },
  {
    owner: globalThis,
    key: 'setTimeout',
    call: 'setTimeout()',
    instead: 'world.clock.after()',
    simulated: timer(false),
  },
  {
    owner: globalThis,
    key: 'setInterval',
    call: 'setInterval()',
    instead: 'world.clock.after()',
    simulated: timer(true),
  },
  {
    owner: globalThis,
    key: 'setImmediate',
    call: 'setImmediate()',
    instead: 'world.clock.after(0, …)',
    simulated:
      s =>
      (run, ...given) =>
        timer(false)(s)(run, 0, ...given),
  },
  {
    owner: globalThis,
    key: 'clearTimeout',
    call: 'clearTimeout()',
    instead: 'the timer’s cancel()',
    simulated: cleared,
  },
  {
    owner: globalThis,
    key: 'clearInterval',
    call: 'clearInterval()',
    instead: 'the timer’s cancel()',
    simulated: cleared,
  },
  {
    owner: globalThis,
    key: 'clearImmediate',
    call: 'clearImmediate()',
    instead: 'the timer’s cancel()',
    simulated: cleared,
  },
  {
    owner: globalThis.crypto,
    key: 'getRandomValues',
    call: 'crypto.getRandomValues()',
    instead: 'world.chance.bytes()',
    simulated: s => (array: ArrayBufferView) => {
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(s.chance.bytes(array.byteLength))
      return array
    },
  },
  {
    owner: globalThis.crypto,
    key: 'randomUUID',
    call: 'crypto.randomUUID()',
    instead: 'world.chance.bytes()',
    simulated: s => () => uuid(s.chance.bytes(16)),
  },
]

/** How many simulations want the replacements to stand. */
let installed = 0
let inside: Inside | undefined
const storage = asyncStorage<Inside>()

/** Runs a simulation that does not await. */
export const whileGuarded = <T>(simulation: Simulation, policy: GlobalsPolicy = 'refuse', run: () => T): T => {
  if (policy === 'leave') return run()
  const outer = inside
  const restore = install()
  inside = { simulation, policy }
  try {
    return run()
  } finally {
    inside = outer
    restore()
  }
}

/** Runs one that does; what runs beside it, between its events, does not notice. */
export const guarded = async <T>(
  simulation: Simulation,
  policy: GlobalsPolicy = 'refuse',
  run: () => Promise<T>,
): Promise<T> => {
  if (policy === 'leave') return run()
  const restore = install()
  try {
    return await storage.run({ simulation, policy }, run)
  } finally {
    restore()
  }
}

const originals: unknown[] = []

/** Puts the replacements in place; what is returned takes them away, if nobody else wants them. */
function install(): () => void {
  if (installed++ === 0)
    for (const [i, { owner, key }] of replaced.entries()) put(i, owner as Record<string, unknown>, key)
  return () => {
    if (--installed === 0)
      for (const [i, { owner, key }] of replaced.entries()) (owner as Record<string, unknown>)[key] = originals[i]
  }
}

function put(i: number, owner: Record<string, unknown>, key: string): void {
  const original = owner[key] as (...given: unknown[]) => unknown
  originals[i] = original
  const { call, instead, simulated } = replaced[i]
  owner[key] = function (this: unknown, ...given: unknown[]): unknown {
    const where = inside ?? storage.getStore()
    if (where === undefined) return original.apply(this, given)
    if (where.policy === 'refuse') throw new NotSimulatedError(call, instead)
    return simulated(where.simulation)(...given)
  }
}

const uuid = (bytes: Uint8Array): string => {
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
