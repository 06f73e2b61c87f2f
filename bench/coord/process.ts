/** One of several processes that work at the same time: `process.ts <kind> <address> <index>`. */

import { work } from './client.ts'
import { clientOf, isKind } from './kinds.ts'

const [kind, address, index] = process.argv.slice(2)
if (!isKind(kind)) throw new Error(`${kind} is no kind of client`)
const client = await (await clientOf(kind))(address, Number(index))
process.on('message', async ({ what, count }: { what: string; count: number }) => {
  try {
    process.send!(await work(client, what, count))
  } catch (error) {
    process.send!({ error: String((error as Error).stack) })
  }
})
process.on('disconnect', async () => {
  await client.close()
  process.exit()
})
process.send!('ready')
