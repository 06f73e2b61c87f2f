// Faults at random: each is a disturbance of its own, that begins, lasts and ends, so that of a run that fails those can be left out that have nothing to do
// with it.
import type { Timer } from '../world.ts'
import type { Decisions } from './decisions.ts'
import type { Links } from './links.ts'
import type { Loop } from './loop.ts'
import type { SimulatedNode } from './node.ts'

export type FaultKind = 'partition' | 'isolate' | 'one-way' | 'kill' | 'power' | 'pause' | 'clock-jump' | 'clock-drift'

export interface DisturbOptions {
  /** Default: all of them. */
  kinds?: readonly FaultKind[]
  /** From the beginning of one fault to that of the next. Default 500 to 5000. */
  everyMs?: readonly [number, number]
  /** How long one lasts. Default 100 to 5000. */
  lastingMs?: readonly [number, number]
  /** By how much clocks jump, either way. Default 10,000. */
  jumpMs?: number
  /** Which nodes it befalls. Default: all there are when it happens. */
  nodes?: readonly string[]
}

/** What there is to be disturbed. */
export interface Disturbed {
  readonly decisions: Decisions
  readonly loop: Loop
  readonly nodes: ReadonlyMap<string, SimulatedNode>
  readonly network: Links
}

const ask = { does: 0, kind: 1, victim: 2, lasting: 3, next: 4, more: 5 }

const allKinds: readonly FaultKind[] = [
  'partition',
  'isolate',
  'one-way',
  'kill',
  'power',
  'pause',
  'clock-jump',
  'clock-drift',
]

export const disturb = (world: Disturbed, options: DisturbOptions): Timer => {
  const { loop } = world
  const { kinds = allKinds, everyMs = [500, 5000], lastingMs = [100, 5000] } = options
  const chance = world.decisions.stream('faults')
  let event: ReturnType<Loop['schedule']>
  const next = (): void => {
    const wait = everyMs[0] + (everyMs[1] - everyMs[0]) * chance.next().at(ask.next)
    // In the background: faults alone keep no run going.
    event = loop.schedule(wait, undefined, happen, true)
  }
  const happen = (): void => {
    const names = options.nodes ?? [...world.nodes.keys()]
    if (names.length > 0 && chance.happens(ask.does, 1)) {
      const pick = (question: number): SimulatedNode => world.nodes.get(names[chance.choose(question, names.length)])!
      const [victim, other] = [pick(ask.victim), pick(ask.more)]
      const end = begin(
        world,
        kinds[chance.choose(ask.kind, kinds.length)],
        victim,
        other,
        chance.at(ask.more),
        options,
      )
      const lasting = lastingMs[0] + (lastingMs[1] - lastingMs[0]) * chance.at(ask.lasting)
      loop.schedule(lasting, undefined, end)
    }
    next()
  }
  next()
  return { cancel: () => loop.cancel(event) }
}

/** Begins a fault; what is returned ends it. */
function begin(
  { nodes, network }: Disturbed,
  kind: FaultKind,
  victim: SimulatedNode,
  other: SimulatedNode,
  share: number,
  { jumpMs = 10_000 }: DisturbOptions,
): () => void {
  const heal = (): void => network.heal()
  switch (kind) {
    case 'partition': {
      const hosts = [...nodes.values()].map(({ host }) => host)
      const first = hosts.indexOf(victim.host)
      const size = Math.max(1, Math.floor(hosts.length / 2))
      const side = Array.from({ length: size }, (_, i) => hosts[(first + i) % hosts.length])
      network.partition([side, hosts.filter(host => !side.includes(host))])
      return heal
    }
    case 'isolate':
      network.partition([
        [victim.host],
        [...nodes.values()].map(({ host }) => host).filter(host => host !== victim.host),
      ])
      return heal
    case 'one-way':
      if (victim === other) return () => {}
      network.cut(victim.host, other.host)
      return heal
    case 'kill':
      victim.crash()
      return () => victim.start()
    case 'power':
      victim.crash({ power: true })
      return () => victim.start()
    case 'pause':
      victim.pause()
      return () => victim.resume()
    case 'clock-jump':
      victim.jumpClock(Math.round((2 * share - 1) * jumpMs))
      return () => {}
    case 'clock-drift':
      victim.driftClock(Math.round((2 * share - 1) * 1000))
      return () => victim.driftClock(0)
  }
}
