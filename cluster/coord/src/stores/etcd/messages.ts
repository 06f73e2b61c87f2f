// etcd's messages and calls, as far as the store uses them, with its own numbers (etcd-io/etcd, `etcdserverpb/rpc.proto` and `mvccpb/kv.proto`).
import { bool, bytes, id, int, Message, type Out, text } from './protobuf.ts'

const header = new Message({ revision: int(3) })
const keyValue = new Message({
  key: text(1),
  created: int(2),
  modified: int(3),
  version: int(4),
  value: bytes(5),
  lease: id(6),
})
type Fields<M> = M extends Message<infer F> ? Out<F> : never
export type KeyValue = Fields<typeof keyValue>

const rangeRequest = new Message({
  key: bytes(1),
  end: bytes(2),
  limit: int(3),
  revision: int(4),
  order: int(5),
  keysOnly: bool(8),
  countOnly: bool(9),
})
const rangeResponse = new Message({ header: header.field(1), entries: keyValue.repeatedField(2), count: int(4) })
const putRequest = new Message({ key: bytes(1), value: bytes(2), lease: id(3), withPrevious: bool(4) })
const putResponse = new Message({ header: header.field(1), previous: keyValue.field(2) })
const deleteRequest = new Message({ key: bytes(1), end: bytes(2), withPrevious: bool(3) })
const deleteResponse = new Message({ header: header.field(1), deleted: keyValue.repeatedField(3) })

const compare = new Message({
  is: int(1),
  target: int(2),
  key: bytes(3),
  version: int(4),
  created: int(5),
  modified: int(6),
  value: bytes(7),
  lease: id(8),
})
const requestOperation = new Message({
  range: rangeRequest.field(1),
  put: putRequest.field(2),
  delete: deleteRequest.field(3),
})
const responseOperation = new Message({
  range: rangeResponse.field(1),
  put: putResponse.field(2),
  delete: deleteResponse.field(3),
})
const transactRequest = new Message({
  if: compare.repeatedField(1),
  do: requestOperation.repeatedField(2),
  else: requestOperation.repeatedField(3),
})
const transactResponse = new Message({
  header: header.field(1),
  succeeded: bool(2),
  results: responseOperation.repeatedField(3),
})

const watchCreate = new Message({
  key: bytes(1),
  end: bytes(2),
  from: int(3),
  withProgress: bool(4),
  withPrevious: bool(6),
})
const watchEvent = new Message({ type: int(1), entry: keyValue.field(2), previous: keyValue.field(3) })
const watchRequest = new Message({ create: watchCreate.field(1) })
const watchResponse = new Message({
  header: header.field(1),
  isCreated: bool(3),
  isCancelled: bool(4),
  compacted: int(5),
  reason: text(6),
  events: watchEvent.repeatedField(11),
})
export type WatchResponse = Fields<typeof watchResponse>

/** How a call is named, asked and answered. */
export interface Call<Q extends Message<any>, R extends Message<any>> {
  readonly path: string
  readonly request: Q
  readonly response: R
}
const call = <Q extends Message<any>, R extends Message<any>>(name: string, request: Q, response: R): Call<Q, R> => ({
  path: `/etcdserverpb.${name}`,
  request,
  response,
})

const none = new Message({ header: header.field(1) })

export const calls = {
  range: call('KV/Range', rangeRequest, rangeResponse),
  put: call('KV/Put', putRequest, putResponse),
  delete: call('KV/DeleteRange', deleteRequest, deleteResponse),
  transact: call('KV/Txn', transactRequest, transactResponse),
  compact: call('KV/Compact', new Message({ revision: int(1) }), none),
  watch: call('Watch/Watch', watchRequest, watchResponse),
  grant: call('Lease/LeaseGrant', new Message({ seconds: int(1) }), new Message({ id: id(2), seconds: int(3) })),
  revoke: call('Lease/LeaseRevoke', new Message({ id: id(1) }), none),
  /** A stream, of which one question is asked. `seconds` 0: there is no such lease. */
  keepAlive: call('Lease/LeaseKeepAlive', new Message({ id: id(1) }), new Message({ seconds: int(3) })),
  authenticate: call(
    'Auth/Authenticate',
    new Message({ name: text(1), password: text(2) }),
    new Message({ token: text(2) }),
  ),
  /** `leader` '0': none is known. */
  status: call('Maintenance/Status', new Message({}), new Message({ version: text(2), leader: id(4) })),
} as const
