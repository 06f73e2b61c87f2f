/** What `skein lock` does. */
import { hostname } from 'node:os'
import { TimeoutError } from '@skein/base'
import type { Coordinator, Held, LockOptions } from '@skein/coord'
import { exitCode, UsageError } from '../errors.ts'
import { checkProgram, guarded } from './guarded.ts'
import { checkName, openStore, storeUrl } from './store.ts'

export interface LockSettings {
  store?: string
  /** Seconds. */
  ttl: number
  grace?: number
  wait?: number | false
  shared?: boolean
  permits?: number
  exitCodeIfBusy: number
}

/** @returns the command's exit code, or why it did not run to its end */
export async function runUnderLock(name: string, words: readonly string[], settings: LockSettings): Promise<number> {
  const { ttl, shared, permits, wait } = settings
  if (shared && permits !== undefined)
    throw new UsageError(
      'lock',
      '--shared and --permits do not go together: a place of several is neither shared nor alone',
    )
  checkName('lock', name)
  checkProgram('lock', words[0])
  const url = storeUrl(settings.store)
  return guarded(async guard => {
    await using c = await openStore('lock', url)
    const timeoutMs = wait === undefined ? Number.POSITIVE_INFINITY : 1000 * (wait || 0)
    const held = await take(c, name, settings, {
      ttlMs: 1000 * ttl,
      timeoutMs,
      note: noteOf(words),
      signal: guard.signal,
    })
    if (held === undefined) {
      console.error(`skein lock: ${name} is held${await byWhom(c, name, permits)}`)
      return settings.exitCodeIfBusy
    }
    const env = { ...process.env, SKEIN_LOCK_NAME: name, SKEIN_LOCK_TOKEN: String(held.token), SKEIN_STORE: url }
    try {
      const ended = await guard.run(words, env, { command: 'lock', lost: held.signal, graceMs: graceMsOf(settings) })
      if (!ended.wasLost) return ended
      console.error(
        `skein lock: ${name} was lost, and the command was ended: the store was not told in time that it is still held`,
      )
      return exitCode.lost
    } finally {
      // The command has ended; if the store cannot be told, the lease ends by itself.
      await held.release().catch(() => {})
    }
  })
}

/** Time between the loss being told and others being able to have it, at most a tenth of the lease. */
export const graceMsOf = ({ ttl, grace = ttl / 20 }: { ttl: number; grace?: number }): number => 1000 * grace

/** Whom others are told of. */
export const noteOf = (words: readonly string[]): string =>
  `process ${process.pid} of ${hostname()}: ${words.join(' ').slice(0, 200)}`

/** Undefined: it is held for too long. */
async function take(
  c: Coordinator,
  name: string,
  { shared, permits }: LockSettings,
  options: LockOptions,
): Promise<Held | undefined> {
  try {
    if (permits !== undefined) return await c.semaphore(name, permits, options)
    return await (shared ? c.readLock(name, options) : c.lock(name, options))
  } catch (error) {
    if (error instanceof TimeoutError) return undefined
    throw error
  }
}

async function byWhom(c: Coordinator, name: string, permits: number | undefined): Promise<string> {
  if (permits !== undefined) return ` ${permits} times`
  const holding = await c.holders(name)
  return holding.length === 0 ? '' : ` by ${holding.map(({ note, token }) => `${note} (token ${token})`).join(', ')}`
}
