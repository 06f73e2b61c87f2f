// Does harm to running systems, one fault after another, by chance with a seed: what Jepsen calls a nemesis (K. Kingsbury, jepsen.io).
import { setTimeout as sleep } from 'node:timers/promises'

export interface Fault {
  readonly name: string
  /** Begins it; what it gives ends it. */
  begin(chance: () => number): Promise<() => void | Promise<void>> | (() => void | Promise<void>)
}

export interface DisturbOptions {
  /** Numbers on [0, 1). */
  readonly chance: () => number
  /** From the end of one fault to the next. */
  readonly everyMs: readonly [number, number]
  readonly lastingMs: readonly [number, number]
  readonly forMs: number
  /** Told when one begins and when it has ended. */
  readonly tell?: (text: string) => void
}

/** Runs until the time is over; then all faults have ended. Gives how often each was done. */
export const disturb = async (faults: readonly Fault[], options: DisturbOptions): Promise<Map<string, number>> => {
  const { chance, everyMs, lastingMs, forMs, tell } = options
  const between = ([low, high]: readonly [number, number]): number => low + (high - low) * chance()
  const done = new Map<string, number>()
  const endMs = performance.now() + forMs
  const leftMs = (): number => Math.max(0, endMs - performance.now())
  for (;;) {
    await sleep(Math.min(between(everyMs), leftMs()))
    if (leftMs() === 0) return done
    const fault = faults[Math.floor(chance() * faults.length)]
    tell?.(`${fault.name} begins`)
    const end = await fault.begin(chance)
    await sleep(Math.min(between(lastingMs), leftMs()))
    await end()
    tell?.(`${fault.name} has ended`)
    done.set(fault.name, (done.get(fault.name) ?? 0) + 1)
  }
}

/** Numbers on [0, 1) by a seed (S. Vigna, splitmix; 32 bits). */
export const chanceOf = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = state ^ (state >>> 16)
    z = Math.imul(z, 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
  }
}
