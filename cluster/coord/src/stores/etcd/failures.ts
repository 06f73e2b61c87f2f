// What went wrong with a call to one endpoint, and what follows from it: whether it was done, whether another endpoint may be asked, and which error tells it.
import { EtcdError, StoreAccessError, StoreLimitError, WrongServerError } from '../../errors.ts'

/** gRPC's numbers (github.com/grpc/grpc, `doc/statuscodes.md`). */
export const Code = {
  unknown: 2,
  invalidArgument: 3,
  deadline: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

export class RpcFailure extends Error {
  override name = 'RpcFailure'
  readonly code: number
  /** False: the other side has surely not looked at it. */
  readonly wasSent: boolean

  constructor(code: number, message: string, wasSent: boolean, cause?: Error) {
    super(message, cause && { cause })
    this.code = code
    this.wasSent = wasSent
  }
}

/**
 * `elsewhere`: it was not done, and another endpoint may do it. `unknown`: nobody knows whether it was done. `authenticate`: it was not done, since who asked is not known, or not any more.
 * An error: so it is, wherever one asks. `answer`: etcd's answer to this call, which the caller knows to read.
 */
export type Verdict = 'elsewhere' | 'unknown' | 'authenticate' | 'answer' | Error

/** Said before anything was done (etcd-io/etcd, `etcdserver/api/v3rpc/rpctypes/error.go`). */
const notDone = new Set([
  'etcdserver: no leader',
  'etcdserver: not capable',
  'etcdserver: too many requests',
  'etcdserver: rpc not supported for learner',
])
const notKnown = new Set([
  'etcdserver: invalid auth token',
  'etcdserver: user name is empty',
  'etcdserver: revision of auth store is old',
])
const read = new Set([
  'etcdserver: requested lease not found',
  'etcdserver: mvcc: required revision has been compacted',
  'etcdserver: mvcc: required revision is a future revision',
  'etcdserver: authentication is not enabled',
])

export const judge = (failure: RpcFailure, endpoint: string, asked: string): Verdict => {
  const { code, message, wasSent } = failure
  if (!wasSent || notDone.has(message)) return 'elsewhere'
  if (code === Code.unauthenticated || notKnown.has(message)) return 'authenticate'
  if (read.has(message)) return 'answer'
  switch (code) {
    case Code.unimplemented:
      return new WrongServerError(endpoint, message)
    case Code.permissionDenied:
      return new StoreAccessError(endpoint, asked, 'not permitted', failure)
    case Code.invalidArgument:
      if (message.includes('authentication failed'))
        return new StoreAccessError(endpoint, asked, 'wrong credentials', failure)
      if (message.includes('too many operations') || message.includes('too large'))
        return new StoreLimitError(endpoint, asked, message, failure)
      break
    case Code.resourceExhausted:
      return new StoreLimitError(endpoint, asked, message, failure)
    case Code.failedPrecondition:
    case Code.outOfRange:
    case Code.notFound:
      break
    default:
      return 'unknown'
  }
  return new EtcdError(endpoint, asked, code, message, failure)
}

/** Whether for want of a majority. */
export const isLeaderless = ({ message }: RpcFailure): boolean =>
  message === 'etcdserver: no leader' || message.startsWith('etcdserver: request timed out')
