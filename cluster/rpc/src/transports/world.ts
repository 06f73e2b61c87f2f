// Streams of a world, real or simulated.
import type { Clock, Connection, ConnectionHandlers, Listener, World, WorldError } from '@skein/world'
import { type Heartbeat, heartbeatOf } from '../heartbeat.ts'
import { type Limits, limitsOf } from '../limits.ts'
import { Reception, type Resume, resumeOf } from '../reception.ts'
import { type Offer, Session, type SessionOptions } from '../session.ts'
import type { Wire, WireHandlers } from '../wire.ts'

/** What the world tells of a connection, told on. */
const told = (handlers: () => WireHandlers): ConnectionHandlers => ({
  data: bytes => handlers().receive(bytes),
  drained: () => handlers().drained(),
  closed: error => handlers().end(error),
})

const wireOf = (connection: Connection): Wire => ({
  peer: connection.peer,
  send: bytes => connection.send(bytes),
  close: () => connection.close(),
  abort: () => connection.abort(),
  reading: isOn => (isOn ? connection.resume() : connection.pause()),
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
  handlers = make(wireOf(connection))
  return handlers
}

/** A session's options, in a world. Its addresses are its own: no echo is looked for, which would take of its chance. */
export const timed = (clock: Clock, options: Omit<SessionOptions, 'soon' | 'clock'>): SessionOptions => ({
  ...options,
  clock,
  nonce: undefined,
  soon: run => void clock.after(0, run),
})

/** A session on a connection that stands; its bytes are to be handed to the handlers. */
export const sessionOver = (
  clock: Clock,
  connection: Connection,
  offer: Offer,
  options: Omit<SessionOptions, 'soon' | 'clock'>,
): { session: Session; handlers: ConnectionHandlers } => {
  const session = new Session(wireOf(connection), offer, timed(clock, options))
  return { session, handlers: told(() => session) }
}

/** Connects to an address of the world's network. */
sessionOver.connect = (
  world: World,
  address: string,
  offer: Offer,
  options: Omit<SessionOptions, 'soon' | 'clock'>,
): Session => overNetwork(world, address, wire => new Session(wire, offer, timed(world.clock, options)))

export interface ListenOverOptions extends Omit<SessionOptions, 'soon' | 'clock' | 'heartbeat' | 'limits'> {
  readonly limits?: Partial<Limits>
  readonly heartbeat?: Partial<Heartbeat> | false
  readonly resume?: Partial<Resume> | false
  /** Told of each session once the other side has said what it offers. */
  readonly onSession?: (session: Session) => void
  readonly onListening?: (address: string) => void
  readonly onFailed?: (error: WorldError) => void
}

/** Offers an object, or what a function makes for each session, at an address of the world's network. Throws ArgumentError. */
export const listenOver = (world: World, address: string, offer: Offer, options: ListenOverOptions = {}): Listener => {
  const { clock } = world
  const common = timed(clock, {
    ...options,
    limits: limitsOf('listenOver', options.limits),
    heartbeat: heartbeatOf('listenOver', options.heartbeat, 60_000),
  })
  const reception = new Reception(
    clock,
    resumeOf('listenOver', options.resume),
    wire => {
      const session = new Session(wire, offer, common)
      session.ready.then(
        () => options.onSession?.(session),
        () => {},
      )
      return session
    },
    common.onFault,
  )
  const listener = world.network.listen(address, {
    connected: connection => {
      const handlers = reception.accept(wireOf(connection))
      return told(() => handlers)
    },
    listening: options.onListening,
    failed: options.onFailed,
  })
  return {
    close: () => {
      listener.close()
      reception.close()
    },
  }
}
