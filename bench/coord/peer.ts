/** A store, or what is beside it: `peer.ts <who> <kind> <where>`. It works in one process, this one, or in several that begin together. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { serve, type Work } from '../harness/serve.ts'
import { median } from '../harness/statistics.ts'
import { type Client, type Spell, work } from './client.ts'
import { clientOf, isKind } from './kinds.ts'
import { inFile, onEtcd, onNats, type Place } from './places.ts'

const [who, kind, where, program] = process.argv.slice(2)
if (!isKind(kind)) throw new Error(`${kind} is no kind of client`)

let place: Place | undefined
let own: Client | undefined
const others: ChildProcess[] = []

const placeOf = (): Place | Promise<Place> => {
  if (where === 'etcd') return onEtcd()
  return where === 'nats' ? onNats(program) : inFile(where)
}

const answerOf = async (child: ChildProcess): Promise<unknown> => {
  const [answer] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => [{ error: 'a process has ended' }]),
  ])
  if (answer.error) throw new Error(answer.error)
  return answer
}

/** As many processes as are asked for, this one among them. */
const gather = async (size: number): Promise<Client> => {
  place ??= await placeOf()
  own ??= await (await clientOf(kind))(place.address, 0)
  while (others.length + 1 < size) {
    const file = fileURLToPath(new URL('process.ts', import.meta.url))
    const child = fork(file, [kind, place.address, `${others.length + 1}`], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    await answerOf(child)
    others.push(child)
  }
  while (others.length + 1 > size) {
    const child = others.pop()!
    child.disconnect()
    await once(child, 'exit')
  }
  return own
}

const prepare = async (what: string, n: number, threads: number): Promise<Work | { skip: string }> => {
  const name = what.replace(/-\d+p$/, '')
  const client = await gather(threads)
  if (name === 'hand-over' && !client.hold) return { skip: 'it has no locks that are waited for' }
  const together = async (): Promise<Spell[]> => {
    const count = Math.ceil(n / threads)
    const answers = others.map(async child => {
      child.send({ what: name, count })
      return (await answerOf(child)) as Spell
    })
    return Promise.all([work(client, name, count), ...answers])
  }
  /** From the first that begins to the last that ends; of locks that are handed over, from one who lets go to the next who has it. */
  const time = async (): Promise<number> => {
    const spells = await together()
    if (name !== 'hand-over')
      return (Math.max(...spells.map(({ toMs }) => toMs)) - Math.min(...spells.map(({ fromMs }) => fromMs))) / 1e3
    const holds = spells.flatMap(({ holds }) => holds).sort((a, b) => a.token - b.token)
    const overlap = holds.some((hold, i) => i > 0 && hold.heldAtMs < holds[i - 1].releasedAtMs)
    if (overlap) throw new Error('two have held a lock at a time')
    return median(holds.slice(1).map((hold, i) => hold.heldAtMs - holds[i].releasedAtMs)) / 1e3
  }
  return { run: together, time, checksum: () => null, threads }
}

/** Ends what it has started, and what it has written. */
const end = async (): Promise<void> => {
  await gather(1).catch(() => {})
  await own?.close()
  await place?.close()
}

await serve(who, prepare, { end })
