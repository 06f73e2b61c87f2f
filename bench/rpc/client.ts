/** `client.ts <library> [how]`: the side that asks, and that the harness speaks with. It starts the other one as a process of its own. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Skip, serve, type Work } from '../harness/serve.ts'
import { oneByOne } from '../tasks/timing.ts'
import { type LibraryName, libraries } from './libraries.ts'
import { type Client, message, nameOf, tokenOf } from './service.ts'

const [name, ...how] = process.argv.slice(2)
const library = await libraries[name as LibraryName]()
const server = fork(fileURLToPath(new URL('server.ts', import.meta.url)), [name, ...how], { execArgv: ['--expose-gc'] })
const [{ address, pids = [] }] = await once(server, 'message')

/** Calls of which so many are under way. */
async function inFlight(n: number, width: number, call: (i: number) => PromiseLike<unknown>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < n) await call(next++)
  }
  await Promise.all(Array.from({ length: width }, lane))
}

async function prepare(id: string, n: number): Promise<Work | Skip> {
  // What one case leaves behind is not the next one's burden.
  const client = await library.connect(address)
  const work = workOf(client, id, n)
  const free = () => client.close()
  if ('skip' in work) free()
  return { ...work, free }
}

function workOf(client: Client, id: string, n: number): Work | Skip {
  const { echo, apply, nameOfFriend, exchange, put, sumOfItems, known } = client
  const skip: Skip = { skip: 'it has no such thing' }
  /** Of the last answer. */
  let sum = 0
  const checksum = () => sum
  switch (id) {
    case 'call':
    case 'calls-64': {
      if (!echo) return skip
      const call = async () => {
        const { id, values } = await client.echo!(message)
        sum = id + values[0] + values[1] + values[2]
      }
      if (id === 'call') return { run: call, time: oneByOne(call), checksum }
      return { before: client.renew, run: () => inFlight(n, 64, call), checksum }
    }
    case 'callback': {
      if (!apply) return skip
      const call = async () => {
        sum = await apply(x => x + 1, 0.5)
      }
      return { run: call, time: oneByOne(call), checksum }
    }
    case 'chain': {
      if (!nameOfFriend) return skip
      const call = async () => {
        const found = await nameOfFriend(7, 2)
        if (found !== nameOf(7, 2)) throw new Error(`asked for the friend's name, it gave ${found}`)
      }
      return { run: call, time: oneByOne(call), checksum: () => null }
    }
    case 'array_f64':
    case 'array-there_f64': {
      const x = Float64Array.from({ length: n }, (_, i) => (i % 7) + 0.25)
      if (id === 'array-there_f64') {
        if (!put) return skip
        const run = async () => {
          sum = await put(x)
        }
        return { run, checksum }
      }
      if (!exchange) return skip
      const run = async () => {
        sum = tokenOf(await exchange(x))
      }
      return { run, checksum }
    }
    case 'stream': {
      if (!sumOfItems) return skip
      const run = async () => {
        sum = await sumOfItems(n)
      }
      return { run, checksum }
    }
    case 'forgotten': {
      if (!apply || !known) return skip
      const time = async () => {
        await inFlight(Math.min(n, client.mostKnown ?? n), 64, i => apply(x => x + i, 0.5))
        return known()
      }
      return { run: () => {}, time, checksum: () => null }
    }
  }
  return { skip: 'not written' }
}

const host = { pids: [process.pid, server.pid!, ...pids], end: () => server.kill() }
await serve(library.who, prepare, host)
