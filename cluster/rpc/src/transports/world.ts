// Streams of a world, real or simulated.
import type { Clock, Connection, ConnectionHandlers, World } from '@skein/world'
import { Session, type SessionOptions } from '../session.ts'

type Offer = ConstructorParameters<typeof Session>[1]

/** A session on a connection that stands; its bytes are to be handed to the handlers. */
export const sessionOver = (
  clock: Clock,
  connection: Connection,
  offer: Offer,
  options: Omit<SessionOptions, 'soon' | 'clock'>,
): { session: Session; handlers: ConnectionHandlers } => {
  const session = new Session(connection, offer, { ...options, clock, soon: run => void clock.after(0, run) })
  return { session, handlers: handlersOf(() => session) }
}

/** Connects to an address of the world's network. */
sessionOver.connect = (
  world: World,
  address: string,
  offer: Offer,
  options: Omit<SessionOptions, 'soon' | 'clock'>,
): Session => {
  let session: Session | undefined
  const connection = world.network.connect(
    address,
    handlersOf(() => session!),
  )
  session = sessionOver(world.clock, connection, offer, options).session
  return session
}

const handlersOf = (session: () => Session): ConnectionHandlers => ({
  data: bytes => session().receive(bytes),
  drained: () => session().drained(),
  closed: error => session().end(error),
})
