/** What `skein elect` does. */
import { hostname } from 'node:os'
import { exitCode, UsageError } from '../errors.ts'
import { checkProgram, guarded } from './guarded.ts'
import { graceMsOf } from './lock.ts'
import { checkName, openStore, storeUrl } from './store.ts'

export interface ElectSettings {
  store?: string
  /** Seconds. */
  ttl: number
  grace?: number
  value?: string
  once?: boolean
  observe?: boolean
  json?: boolean
}

/** @returns the command's exit code, or why it did not run to its end */
export async function runWhileLeading(
  name: string,
  words: readonly string[],
  settings: ElectSettings,
): Promise<number> {
  checkName('elect', name)
  checkProgram('elect', words[0])
  const { ttl, value = `${hostname()}:${process.pid}`, once = false } = settings
  const url = storeUrl(settings.store)
  return guarded(async guard => {
    await using c = await openStore('elect', url)
    for (;;) {
      const term = await c.campaign(name, { ttlMs: 1000 * ttl, value, signal: guard.signal })
      const told = { SKEIN_ELECTION_NAME: name, SKEIN_ELECTION_TOKEN: String(term.token), SKEIN_STORE: url }
      const env = { ...process.env, ...told }
      try {
        const ended = await guard.run(words, env, { command: 'elect', lost: term.signal, graceMs: graceMsOf(settings) })
        if (!ended.wasLost) return ended
      } finally {
        await term.release().catch(() => {})
      }
      console.error(`skein elect: ${name} is led by this one no more, and the command was ended`)
      if (once) return exitCode.lost
    }
  })
}

/** Prints who leads, and each that follows, until a signal ends it. */
export function observeLeaders(name: string, words: readonly string[], settings: ElectSettings): Promise<number> {
  checkName('elect', name)
  if (words.length > 0) throw new UsageError('elect', 'with --observe nothing is run; leave the command out')
  return guarded(async guard => {
    await using c = await openStore('elect', storeUrl(settings.store))
    const onAway = (error: unknown): void => console.error(`skein elect: ${(error as Error).message}`)
    for await (const leader of c.leaders(name, { signal: guard.signal, onAway }))
      if (settings.json) console.log(JSON.stringify(leader ?? null))
      else console.log(leader === undefined ? 'nobody' : `${leader.token}\t${leader.value}`)
    return exitCode.ok
  })
}
