/** A store of Skein's, by its URL. */
import { type Held, open } from '@skein/coord'
import { type Client, machineMs, value } from '../client.ts'

export const connect = async (url: string, index: number): Promise<Client> => {
  const store = await open(url)
  const key = `number/${index}`
  let { revision } = await store.put(key, '0')
  let number = 0
  return {
    put: i => store.put(`${index}/${i % 1000}`, value),
    async compareAndSet() {
      const result = await store.transact({
        if: [{ key, target: 'modified', is: '=', value: revision }],
        do: [{ op: 'put', key, value: String(++number) }],
      })
      if (!result.succeeded) throw new Error('somebody else has set it')
      revision = result.revision
    },
    async lock() {
      const held = await store.lock(`own-${index}`)
      await held.release()
    },
    async hold(holdMs) {
      const held: Held = await store.lock('wanted')
      const heldAtMs = machineMs()
      await new Promise(resolve => setTimeout(resolve, holdMs))
      const releasedAtMs = machineMs()
      await held.release()
      return { token: held.token, heldAtMs, releasedAtMs }
    },
    close: () => store.close(),
  }
}
