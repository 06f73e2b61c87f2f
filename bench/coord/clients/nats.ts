/** Keys and values of NATS JetStream, one server. */

import { requirePeer } from '../../harness/toolchain.ts'
import { type Client, value } from '../client.ts'

export const connect = async (address: string, index: number): Promise<Client> => {
  const connection = await requirePeer('@nats-io/transport-node').connect({ servers: address })
  const { Kvm } = requirePeer('@nats-io/kv')
  const entries = await new Kvm(connection).create('entries', { storage: 'file', history: 1 })
  let revision: number = await entries.put(`number/${index}`, '0')
  let number = 0
  return {
    put: i => entries.put(`${index}/${i % 1000}`, value),
    async compareAndSet() {
      revision = await entries.update(`number/${index}`, String(++number), revision)
    },
    async lock() {
      const previousSeq = await entries.create(`lock/${index}`, '')
      await entries.delete(`lock/${index}`, { previousSeq })
    },
    close: () => connection.drain(),
  }
}
