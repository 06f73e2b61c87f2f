// The same clients as in the simulator, as processes of this machine, on a real store, while clients and servers are killed, stopped and cut off.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MapInput, RegisterOutput } from '../../../../testing/src/consistency/models.ts'
import { chanceOf, disturb, type Fault } from '../../../../testing/src/nemesis.ts'
import { open } from '../../src/index.ts'
import { everything, HistoryError, judgeHistory, judgeWatches, type Told, type Watched } from './judge.ts'
import { keys, numberOf, permits } from './visit.ts'

export interface Trial {
  readonly url: string
  readonly seed: number
  readonly forMs: number
  /** Default 4. */
  readonly clients?: number
  /** Besides those that befall clients. */
  readonly faults?: readonly Fault[]
  readonly tell?: (text: string) => void
}

export interface TrialOutcome {
  readonly operations: number
  readonly unknown: number
  readonly held: number
  readonly told: number
  /** Faults, by name. */
  readonly done: ReadonlyMap<string, number>
  /** How visits ended, other than by a fault. */
  readonly ends: readonly string[]
}

interface Call {
  readonly process: string
  readonly input: MapInput
  output: RegisterOutput | undefined
  readonly begin: number
  end: number
}

interface Holding {
  readonly what: string
  readonly isReader: boolean
  readonly token: number
  readonly from: number
  to: number
}

/** A client's process; it is started anew when it was killed. */
class Client {
  readonly logs: string[] = []
  private process: ChildProcess | undefined
  private readonly url: string
  private readonly folder: string
  private readonly name: string

  constructor(url: string, folder: string, name: string) {
    this.url = url
    this.folder = folder
    this.name = name
  }

  start(): void {
    const log = join(this.folder, `${this.name}, life ${this.logs.length}`)
    this.logs.push(log)
    const program = join(import.meta.dirname, 'client.ts')
    this.process = spawn(process.execPath, ['--no-warnings', program, this.url, log], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }

  async kill(): Promise<void> {
    const child = this.process!
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  pause(): void {
    this.process!.kill('SIGSTOP')
  }

  resume(): void {
    this.process!.kill('SIGCONT')
  }
}

/** Runs clients on the store while faults happen, and judges what they were told. Throws what is wrong. */
export const judgeTrial = async ({
  url,
  seed,
  forMs,
  clients: count = 4,
  faults = [],
  tell,
}: Trial): Promise<TrialOutcome> => {
  const folder = mkdtempSync(join(tmpdir(), 'skein-nemesis-'))
  const clients = Array.from({ length: count }, (_, i) => new Client(url, folder, `client ${i}`))
  try {
    for (const client of clients) client.start()
    const any = (chance: () => number): Client => clients[Math.floor(chance() * count)]
    const ofClients: Fault[] = [
      {
        name: 'a client is killed',
        async begin(chance) {
          const client = any(chance)
          await client.kill()
          return () => client.start()
        },
      },
      {
        name: 'a client is stopped',
        begin(chance) {
          const client = any(chance)
          client.pause()
          return () => client.resume()
        },
      },
    ]
    const done = await disturb([...ofClients, ...faults], {
      chance: chanceOf(seed),
      everyMs: [100, 800],
      lastingMs: [50, 2500],
      forMs,
      tell,
    })
    // All is well again: work goes on.
    await sleep(Math.min(1500, forMs / 4))
    for (const client of clients) await client.kill()
    const logs = clients.flatMap(client => client.logs)
    return { ...(await judgeLogs(url, logs)), done }
  } catch (error) {
    if (error instanceof HistoryError) {
      const path = join(tmpdir(), `skein-nemesis-${seed}.svg`)
      writeFileSync(path, error.picture)
      error.message += `; its picture: ${path}`
    }
    throw error
  } finally {
    for (const client of clients) await client.kill()
    rmSync(folder, { recursive: true })
  }
}

const judgeLogs = async (url: string, logs: readonly string[]): Promise<Omit<TrialOutcome, 'done'>> => {
  const history: Call[] = []
  const watches: Watched[] = []
  const held = new Map<string, Holding>()
  const ends: string[] = []
  for (const log of logs) {
    if (!existsSync(log)) continue
    const calls = new Map<number, Call>()
    const watched = new Map<number, Watched>()
    // The last line may be half a one.
    for (const line of readFileSync(log, 'utf8').split('\n').slice(0, -1)) {
      const entry = JSON.parse(line)
      if ('wrong' in entry) throw new Error(`${log}: ${entry.wrong}`)
      if ('ended' in entry) ends.push(entry.ended)
      if ('call' in entry) {
        const name = `${log.slice(log.lastIndexOf('/') + 1)}, call ${entry.call}`
        calls.set(entry.call, {
          process: name,
          input: entry.input,
          output: undefined,
          begin: entry.at,
          end: Number.POSITIVE_INFINITY,
        })
      } else if ('ok' in entry) {
        const call = calls.get(entry.ok)!
        call.output = entry.output
        call.end = entry.at
      } else if ('none' in entry) calls.delete(entry.none)
      else if ('held' in entry) {
        const before = held.get(entry.held)
        if (before) before.to = entry.to
        else held.set(entry.held, entry)
      } else if ('watch' in entry) watched.set(entry.watch, { from: entry.from, told: [] })
      else if ('told' in entry) watched.get(entry.told)!.told.push(entry.batch as Told)
    }
    history.push(...calls.values())
    watches.push(...watched.values())
  }
  await using store = await open(url)
  // What is there at last is part of the history.
  for (const key of keys) {
    const begin = Number(process.hrtime.bigint()) / 1e6
    const output = numberOf(await store.get(key))
    history.push({
      process: 'judge',
      input: { op: 'read', key },
      output,
      begin,
      end: Number(process.hrtime.bigint()) / 1e6,
    })
  }
  judgeHistory(history)
  judgeWatches(watches, await everything(store))
  judgeHeld([...held.values()])
  return {
    operations: history.length,
    unknown: history.filter(({ end }) => end === Number.POSITIVE_INFINITY).length,
    held: held.size,
    told: watches.reduce((sum, { told }) => sum + told.length, 0),
    ends,
  }
}

/** At no moment more hold something than may, and tokens grow. */
const judgeHeld = (all: readonly Holding[]): void => {
  for (const [what, list] of Map.groupBy(all, ({ what }) => what)) {
    const most = what === 'permits' ? permits : 1
    const byTime = list.flatMap(holding => [
      { at: holding.from, holding, isEnd: false },
      { at: holding.to, holding, isEnd: true },
    ])
    byTime.sort((a, b) => a.at - b.at || Number(a.isEnd) - Number(b.isEnd))
    const now = new Set<Holding>()
    let token = 0
    for (const { holding, isEnd } of byTime) {
      if (isEnd) {
        now.delete(holding)
        continue
      }
      now.add(holding)
      const writers = [...now].filter(({ isReader }) => !isReader)
      if (writers.length > most || (writers.length > 0 && writers.length < now.size))
        throw new Error(`${what} is held by ${JSON.stringify([...now])} at once`)
      if (holding.isReader || what === 'permits') continue
      if (holding.token <= token) throw new Error(`${what}: token ${holding.token} comes after ${token}`)
      token = holding.token
    }
  }
}
