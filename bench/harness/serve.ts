/** The peer's side of the line protocol (see peer.ts), for peers written in TypeScript. */
import { createInterface } from 'node:readline'

export interface Work {
  /** One run; what is timed. */
  run: () => unknown
  /** Called before each run and not timed: puts back what a run destroys. */
  before?: () => unknown
  /** Times `inner` runs in its own way, in seconds per run; for runs that must be set apart from each other. */
  time?: (inner: number) => number | Promise<number>
  checksum: () => number | null
  /** When not the number that was asked for. */
  threads?: number
  /** When this case is done by another library than the peer's name says. */
  who?: string
  free?: () => void
}

export type Skip = { skip: string }
export type PrepareWork = (id: string, n: number, threads: number) => Work | Skip | Promise<Work | Skip>

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise

async function runOnce(work: Work) {
  const ready = work.before?.()
  if (isPromise(ready)) await ready
  const result = work.run()
  if (isPromise(result)) await result
}

async function time(work: Work, inner: number): Promise<number> {
  if (work.time) return work.time(inner)
  const ready = work.before?.()
  if (isPromise(ready)) await ready
  const from = performance.now()
  const first = work.run()
  if (isPromise(first)) {
    await first
    for (let k = 1; k < inner; k++) await work.run()
  } else {
    for (let k = 1; k < inner; k++) work.run()
  }
  return (performance.now() - from) / 1e3 / inner
}

export interface Host {
  /** The processes that do the work, if others than this one. */
  pids?: number[]
  /** Called before it ends. */
  end?: () => unknown
}

/** Answers requests until `quit` or the end of stdin. */
export async function serve(who: string, prepare: PrepareWork, { pids, end }: Host = {}) {
  const say = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`)
  let work: Work | undefined
  say({ who, pids })
  for await (const line of createInterface({ input: process.stdin })) {
    const [verb, ...words] = line.split(' ')
    try {
      if (verb === 'quit') break
      if (verb === 'prepare') {
        work?.free?.()
        work = undefined
        const prepared = await prepare(words[0], Number(words[1]), Number(words[2]))
        if ('skip' in prepared) {
          say(prepared)
          continue
        }
        work = prepared
        await runOnce(work)
        say({ checksum: work.checksum(), threads: work.threads, who: work.who })
      } else if (verb === 'rep' && work) {
        for (let k = Number(words[0]); k > 0; k--) await runOnce(work)
        say({ seconds: await time(work, Number(words[1])) })
      } else say({ error: `'${line}' makes no sense now` })
    } catch (error) {
      console.error(error)
      say({ error: String(error) })
    }
  }
  await end?.()
  process.exit(0)
}
