/** The store that commands meet in. */
import { mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { ArgumentError } from '@skein/base'
import type { Coordinator } from '@skein/coord'
import { CommandError, UsageError } from '../errors.ts'

/** `--store`, else SKEIN_STORE, else a file of the user's. Paths of files are whole, so that they mean the same elsewhere. */
export function storeUrl(given: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const url = given ?? env.SKEIN_STORE
  if (url === undefined || url === '') return `file:${ownFile(env)}`
  return url.startsWith('file:') && url.length > 5 ? `file:${resolve(url.slice(5))}` : url
}

/** Where programs keep what is to be there after them (XDG Base Directory Specification). */
function ownFile(env: NodeJS.ProcessEnv): string {
  const state = process.platform === 'win32' ? env.LOCALAPPDATA : env.XDG_STATE_HOME
  return join(state || join(homedir(), '.local', 'state'), 'skein', 'coord.db')
}

/** A part of the store's keys. @throws UsageError */
export function checkName(command: string, name: string): void {
  if (name === '' || name.includes('/'))
    throw new UsageError(command, `a name is a text of at least one character, without /, but it is '${name}'`)
}

/** @throws UsageError for a URL that is none, CommandError for a folder that cannot be made and certificates that cannot be read */
export async function openStore(command: string, url: string): Promise<Coordinator> {
  const { open } = await import('@skein/coord')
  if (url === 'memory:')
    throw new UsageError(command, 'memory: is of one process alone. Give file:<path> or etcd://host:port,…')
  const own = ownFile(process.env)
  if (url === `file:${own}`)
    try {
      mkdirSync(dirname(own), { recursive: true, mode: 0o700 })
    } catch (cause) {
      const message = `the folder of the store cannot be made: ${(cause as Error).message}. Give --store or SKEIN_STORE`
      throw new CommandError(command, message, { cause })
    }
  try {
    return await open(url, { tls: readTls(command) })
  } catch (error) {
    if (error instanceof ArgumentError) throw new UsageError(command, error.message)
    throw error
  }
}

/** Certificates for etcd, by the files that the environment names. */
function readTls(command: string): { ca?: string; cert?: string; key?: string } | undefined {
  const { SKEIN_STORE_CA, SKEIN_STORE_CERT, SKEIN_STORE_KEY } = process.env
  const named = Object.entries({ ca: SKEIN_STORE_CA, cert: SKEIN_STORE_CERT, key: SKEIN_STORE_KEY })
  const files = named.filter(([, file]) => file)
  if (files.length === 0) return undefined
  const read = (name: string, file: string): string => {
    try {
      return readFileSync(file, 'utf8')
    } catch (cause) {
      const message = `SKEIN_STORE_${name.toUpperCase()} names ${file}, which cannot be read: ${(cause as Error).message}`
      throw new CommandError(command, message, { cause })
    }
  }
  return Object.fromEntries(files.map(([name, file]) => [name, read(name, file!)]))
}
