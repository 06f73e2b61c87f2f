/** etcd by hand: a loop over its own protocol, gRPC, that waits for each answer and looks at nothing else. */
import { once } from 'node:events'
import { type ClientHttp2Session, connect as open } from 'node:http2'
import { type Client, machineMs, value } from '../client.ts'

const text = (given: string): Buffer => Buffer.from(given)

const varint = (given: number): Buffer => {
  const bytes: number[] = []
  let rest = given
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}
const int = (field: number, given: number): Buffer => Buffer.concat([varint(field * 8), varint(given)])
const part = (field: number, given: Buffer): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(given.length), given])
const message = (...parts: Buffer[]): Buffer => Buffer.concat(parts)

const readVarint = (bytes: Buffer, at: number): [given: number, next: number] => {
  let [given, factor, next] = [0, 1, at]
  for (; ; factor *= 128) {
    const byte = bytes[next++]
    given += (byte & 127) * factor
    if (byte < 128) return [given, next]
  }
}

/** Fields of a message: numbers, and the bytes of its parts. */
const fieldsOf = (bytes: Buffer): Map<number, number | Buffer> => {
  const fields = new Map<number, number | Buffer>()
  for (let at = 0; at < bytes.length; ) {
    const [tag, from] = readVarint(bytes, at)
    const [given, next] = readVarint(bytes, from)
    at = tag % 8 === 2 ? next + given : next
    fields.set(Math.floor(tag / 8), tag % 8 === 2 ? bytes.subarray(next, at) : given)
  }
  return fields
}

const revisionOf = (answer: Buffer): number =>
  fieldsOf((fieldsOf(answer).get(1) ?? Buffer.alloc(0)) as Buffer).get(3) as number

const call = async (session: ClientHttp2Session, path: string, body: Buffer): Promise<Buffer> => {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(body.length, 1)
  stream.end(Buffer.concat([frame, body]))
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  let status: unknown
  stream.on('trailers', trailers => {
    status = trailers['grpc-status']
  })
  await once(stream, 'end')
  if (status !== '0') throw new Error(`${path} was answered with ${status}`)
  return Buffer.concat(chunks).subarray(5)
}

export const connect = async (address: string, index: number): Promise<Client> => {
  const session = open(address.replace('etcd:', 'http:'))
  const put = (key: string, given: string, lease?: number): Buffer =>
    message(part(1, text(key)), part(2, text(given)), ...(lease === undefined ? [] : [int(3, lease)]))
  const ask = (path: string, body: Buffer) => call(session, path, body)
  const grant = (lease: number) => ask('/etcdserverpb.Lease/LeaseGrant', message(int(1, 10), int(2, lease)))
  const revoke = (lease: number) => ask('/etcdserverpb.Lease/LeaseRevoke', int(1, lease))
  const key = `number/${index}`
  let revision = revisionOf(await ask('/etcdserverpb.KV/Put', put(key, '0')))
  let number = 0
  let lease = 1e9 * (index + 1)
  return {
    put: i => ask('/etcdserverpb.KV/Put', put(`${index}/${i % 1000}`, value)),
    async compareAndSet() {
      // Equal by default; 2 is the revision of the last change.
      const compare = message(int(2, 2), part(3, text(key)), int(6, revision))
      const success = part(2, put(key, String(++number)))
      const answer = await ask('/etcdserverpb.KV/Txn', message(part(1, compare), part(2, success)))
      if (fieldsOf(answer).get(2) !== 1) throw new Error('somebody else has set it')
      revision = revisionOf(answer)
    },
    // As many requests as a lock is, and no more of a lock than that.
    async lock() {
      await grant(++lease)
      await ask('/etcdserverpb.KV/Put', put(`lock/${index}`, '', lease))
      await revoke(lease)
    },
    /** By the lock that the servers themselves have. */
    async hold(holdMs) {
      await grant(++lease)
      const answer = await ask('/v3lockpb.Lock/Lock', message(part(1, text('wanted')), int(2, lease)))
      const heldAtMs = machineMs()
      await new Promise(resolve => setTimeout(resolve, holdMs))
      const releasedAtMs = machineMs()
      await revoke(lease)
      return { token: revisionOf(answer), heldAtMs, releasedAtMs }
    },
    close: () => session.close(),
  }
}
