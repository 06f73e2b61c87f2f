// Streams of a world, real or simulated.
import type { Clock, ConnectionHandlers, World } from '@skein/world'
import { type Offer, Session, type SessionOptions } from '../session.ts'
import type { Wire, WireHandlers } from '../wire.ts'

/** What the world tells of a connection, told on. */
const told = (handlers: () => WireHandlers): ConnectionHandlers => ({
  data: bytes => handlers().receive(bytes),
  drained: () => handlers().drained(),
  closed: error => handlers().end(error),
})

/** Connects to an address of the world's network, and tells `make`'s handlers what happens there. */
export const overNetwork = <Handlers extends WireHandlers>(
  world: World,
  address: string,
  make: (wire: Wire) => Handlers,
): Handlers => {
  let handlers: Handlers | undefined
  const connection = world.network.connect(
    address,
    told(() => handlers!),
  )
  handlers = make(connection)
  return handlers
}

const timed = (clock: Clock, options: Omit<SessionOptions, 'soon' | 'clock'>): SessionOptions => ({
  ...options,
  clock,
  soon: run => void clock.after(0, run),
})

/** A session on a connection that stands; its bytes are to be handed to the handlers. */
export const sessionOver = (
  clock: Clock,
  connection: Wire,
  offer: Offer,
  options: Omit<SessionOptions, 'soon' | 'clock'>,
): { session: Session; handlers: ConnectionHandlers } => {
  const session = new Session(connection, offer, timed(clock, options))
  return { session, handlers: told(() => session) }
}

/** Connects to an address of the world's network. */
sessionOver.connect = (
  world: World,
  address: string,
  offer: Offer,
  options: Omit<SessionOptions, 'soon' | 'clock'>,
): Session => overNetwork(world, address, wire => new Session(wire, offer, timed(world.clock, options)))
