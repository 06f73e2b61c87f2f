export type { Connected, ConnectOptions, Target } from './connect.ts'
export { connect } from './connect.ts'
export { type CallContext, callContext, within, withTrace } from './context.ts'
export {
  ConnectionLostError,
  LimitExceededError,
  MalformedMessageError,
  MessageTooLargeError,
  NoAnswerError,
  NoSuchFunctionError,
  QueueFullError,
  RefusedError,
  TlsError,
  WrongProtocolError,
} from './errors.ts'
export type { Heartbeat } from './heartbeat.ts'
export type { Limits } from './limits.ts'
export { limitsOf } from './limits.ts'
export type { AtServer, ConnectionRequest, Listening, ListenOptions } from './listen.ts'
export { listen } from './listen.ts'
export type { CommonOptions } from './options.ts'
export type { Resume } from './reception.ts'
export type { Answer, Remote } from './remote.ts'
export type { Offer, SessionOptions } from './session.ts'
export { Session } from './session.ts'
export type { TraceContext } from './trace-context.ts'
export type { PortLike } from './transports/port.ts'
export type { WebSocketLike } from './transports/websocket.ts'
export { type ListenOverOptions, listenOver, sessionOver } from './transports/world.ts'
export type { BackOff } from './up/back-off.ts'
export type { Retry } from './up/reconnecting.ts'
export { type Up, type UpOptions, up, upOver } from './up.ts'
export type { Wire, WireHandlers } from './wire.ts'
