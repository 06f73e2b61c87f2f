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
  return { session, handlers: { data: bytes => session.receive(bytes), closed: error => session.end(error) } }
}

/** Connects to an address of the world's network. */
sessionOver.connect = (
  world: World,
  address: string,
  offer: Offer,
  options: Omit<SessionOptions, 'soon' | 'clock'>,
): Session => {
  let session: Session | undefined
  const connection = world.network.connect(address, {
    data: bytes => session!.receive(bytes),
    closed: error => session!.end(error),
  })
  session = sessionOver(world.clock, connection, offer, options).session
  return session
}
