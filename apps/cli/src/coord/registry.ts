/** What `skein registry` does. */
import { readFileSync, writeFileSync } from 'node:fs'
import { ArgumentError, TimeoutError } from '@skein/base'
import type { Authorized, Registry, RegistryEvent, RegistryOptions, Service } from '@skein/coord'
import { CommandError, exitCode, UsageError } from '../errors.ts'
import { table } from '../table.ts'
import { checkProgram, type Ended, type Guard, guarded } from './guarded.ts'
import { openStore, storeUrl } from './store.ts'

export interface RegistrySettings {
  hub?: string
  store?: string
  listen?: string
  keys?: string
  key?: string
  port?: number
  host?: string
  metadata?: string
  /** Seconds. */
  ttl: number
  wait?: number
  prerelease?: boolean
  watch?: boolean
  json?: boolean
}

type Action = (guard: Guard, words: readonly string[], settings: RegistrySettings) => Promise<Ended | number>

/** Each with how many words it takes. */
const actions: Record<string, { least: number; most: number; words: string; run: Action }> = {
  serve: { least: 0, most: 0, words: '', run: serve },
  ls: { least: 0, most: 1, words: '[name@range]', run: list },
  get: { least: 1, most: 1, words: 'name@range', run: get },
  register: { least: 1, most: Number.POSITIVE_INFINITY, words: 'name@version -- command…', run: register },
  free: { least: 1, most: 1, words: 'id', run: free },
  keygen: { least: 1, most: Number.POSITIVE_INFINITY, words: 'file [name…]', run: makeKey },
}

/** @returns the exit code: of `register` that of the command */
export function runRegistry(name: string, words: readonly string[], settings: RegistrySettings): Promise<number> {
  const { least, most, words: wanted, run } = actions[name]
  if (words.length < least || words.length > most)
    throw new UsageError('registry', `it is given as: skein registry ${`${name} ${wanted}`.trim()}`)
  return guarded(async guard => {
    try {
      return await run(guard, words, settings)
    } catch (error) {
      // What was typed is what was asked for.
      if (error instanceof ArgumentError) throw new UsageError('registry', error.message)
      throw error
    }
  })
}

async function serve(guard: Guard, _: readonly string[], settings: RegistrySettings): Promise<number> {
  const { serveRegistry } = await import('@skein/coord')
  const authorized = await readKeys(settings)
  const { listen = '127.0.0.1:0' } = settings
  await using store = await openStore('registry', storeUrl(settings.store))
  await using hub = await serveRegistry(store, { listen, authorized })
  if (authorized === undefined && !/^(unix:|(tls:)?(127\.|localhost|\[::1\]))/.test(listen))
    console.error('skein registry: whoever reaches this hub may register what they like; --keys says who may')
  console.log(hub.address)
  await aborted(guard.signal)
  return exitCode.ok
}

function list(guard: Guard, [wanted]: readonly string[], settings: RegistrySettings): Promise<number> {
  const { prerelease, json, watch } = settings
  return withRegistry(settings, async registry => {
    if (watch) {
      for await (const event of registry.watch(wanted, { prerelease, signal: guard.signal }))
        console.log(json ? JSON.stringify(event) : lineOf(event))
      return exitCode.ok
    }
    const services = await registry.query(wanted, { prerelease })
    if (json) console.log(JSON.stringify(services, undefined, 2))
    else if (services.length > 0) console.log(table(services.map(cellsOf)))
    return exitCode.ok
  })
}

function get(guard: Guard, [wanted]: readonly string[], settings: RegistrySettings): Promise<number> {
  const { prerelease, json, wait } = settings
  return withRegistry(settings, async registry => {
    const services =
      wait === 0
        ? await registry.query(wanted, { prerelease })
        : await within(registry.get(wanted, { prerelease, timeoutMs: wait && 1000 * wait, signal: guard.signal }))
    if (services.length === 0) {
      console.error(`skein registry: there is no ${wanted}`)
      return exitCode.failed
    }
    if (json) console.log(JSON.stringify(services, undefined, 2))
    else for (const { address } of services) console.log(address)
    return exitCode.ok
  })
}

function register(
  guard: Guard,
  [service, ...words]: readonly string[],
  settings: RegistrySettings,
): Promise<Ended | number> {
  const { port, host, ttl } = settings
  if (words.length > 0) checkProgram('registry', words[0])
  else if (!port)
    throw new UsageError('registry', 'without a command to run, --port says where the service is that runs already')
  const options = { port: port || undefined, host, metadata: readMetadata(settings), ttlMs: 1000 * ttl }
  return withRegistry(settings, async registry => {
    // It is freed when the registry is closed, whether or not that can be told.
    const registration = await registry.register(service, options)
    const { id, name, address, signal } = registration
    const tell = (): void => console.error(`skein registry: ${signal.reason.message}`)
    signal.addEventListener('abort', tell)
    try {
      if (words.length === 0) {
        console.log(`${id}\t${address}`)
        await aborted(guard.signal, signal)
        return guard.signal.aborted ? exitCode.ok : exitCode.lost
      }
      const told = { PORT: String(registration.port), SKEIN_REGISTRY_ID: id, SKEIN_REGISTRY_NAME: name }
      // Whoever frees it ends that it is found, and not that it runs.
      const lost = new AbortController().signal
      return await guard.run(words, { ...process.env, ...told }, { command: 'registry', lost, graceMs: 0 })
    } finally {
      signal.removeEventListener('abort', tell)
    }
  })
}

function free(_: Guard, [id]: readonly string[], settings: RegistrySettings): Promise<number> {
  return withRegistry(settings, async registry => {
    if (await registry.free(id)) return exitCode.ok
    console.error(`skein registry: nothing is registered as ${id}. See 'skein registry ls'.`)
    return exitCode.failed
  })
}

async function makeKey(_: Guard, [file, ...names]: readonly string[]): Promise<number> {
  const { generateKeys } = await import('@skein/coord')
  const { privateKey, publicKey } = generateKeys()
  try {
    writeFileSync(file, privateKey, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw new CommandError('registry', `the key cannot be written: ${(cause as Error).message}`, { cause })
  }
  for (const name of names) console.log(`${name} ${publicKey}`)
  if (names.length === 0) console.log(publicKey)
  return exitCode.ok
}

/** With the registry that is meant. */
async function withRegistry<T>(settings: RegistrySettings, use: (registry: Registry) => Promise<T>): Promise<T> {
  const { connectRegistry } = await import('@skein/coord')
  const hub = settings.hub ?? (settings.store === undefined ? process.env.SKEIN_REGISTRY : undefined)
  const options: RegistryOptions = {
    authorized: await readKeys(settings),
    key: settings.key === undefined ? undefined : readText('key', settings.key),
    onRefused: error => console.error(`skein registry: ${error.message}`),
  }
  if (hub) {
    await using registry = connectRegistry(hub.split(','), options)
    return await use(registry)
  }
  await using store = await openStore('registry', storeUrl(settings.store))
  await using registry = store.registry(options)
  return await use(registry)
}

/** None, when they were waited for in vain. */
async function within(services: Promise<readonly Service[]>): Promise<readonly Service[]> {
  try {
    return await services
  } catch (error) {
    if (error instanceof TimeoutError) return []
    throw error
  }
}

async function readKeys({ keys }: RegistrySettings): Promise<Authorized | undefined> {
  if (keys === undefined) return undefined
  const { parseAuthorized } = await import('@skein/coord')
  return parseAuthorized(readText('keys', keys))
}

function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError('registry', `the file of --${option} cannot be read: ${(cause as Error).message}`)
  }
}

function readMetadata({ metadata }: RegistrySettings): Record<string, unknown> | undefined {
  if (metadata === undefined) return undefined
  try {
    return JSON.parse(metadata)
  } catch (cause) {
    throw new UsageError('registry', `--metadata is no JSON: ${(cause as Error).message}`)
  }
}

/** Resolves when one of them is. Until then this process stays. */
async function aborted(...signals: AbortSignal[]): Promise<void> {
  const stay = setInterval(() => {}, 2 ** 30)
  const any = AbortSignal.any(signals)
  await new Promise<void>(resolve => {
    if (any.aborted) resolve()
    any.addEventListener('abort', () => resolve(), { once: true })
  })
  clearInterval(stay)
}

const nameOf = ({ name, version }: Service): string => (version === undefined ? name : `${name}@${version}`)

const cellsOf = (service: Service): string[] => {
  const { address, id, since, metadata } = service
  return [nameOf(service), address, id, new Date(since).toISOString(), JSON.stringify(metadata)]
}

const lineOf = ({ type, service }: RegistryEvent): string =>
  `${type}\t${nameOf(service)}\t${service.address}\t${service.id}`
