/** The machines that ranks are to run on: `--host`, and hostfiles as Open MPI and MPICH read them. */
import { readFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { registerError } from '@skein/base'
import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'

export interface Host {
  readonly name: string
  /** How many ranks it takes; undefined: not said. */
  readonly slots: number | undefined
  readonly user?: string
}

/** A hostfile says something that no launcher understands. */
export class HostfileError extends UsageError {
  static {
    registerError(HostfileError, 'HostfileError')
  }
  declare readonly file: string
  declare readonly line: number

  constructor(file: string, line: number, problem: string) {
    super('mpirun', `${file}:${line}: ${problem}`)
    Object.assign(this, { file, line })
  }
}

/** Of letters, digits, dots and dashes; or an address of version 6 in brackets. */
const hostName = /^(?:[A-Za-z0-9_](?:[\w.-]*[\w])?|\[[0-9a-fA-F:.]+\])$/

/**
 * Reads lines of `name`, `name:4`, `name slots=4 max_slots=8 user=me`; `#` begins a comment. The slots of a host that is named several times are
 * added up.
 *
 * @throws UsageError when the file cannot be read, HostfileError when it makes no sense
 */
export function readHostfile(file: string): Host[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError('mpirun', `the hostfile ${file} cannot be read: ${(cause as Error).message}`)
  }
  const hosts: Host[] = []
  for (const [i, line] of text.split('\n').entries()) {
    const words = line.replace(/#.*/, '').trim().split(/\s+/).filter(Boolean)
    if (words.length > 0) hosts.push(readLine(words, problem => new HostfileError(file, i + 1, problem)))
  }
  if (hosts.length === 0) throw new HostfileError(file, 1, 'the file names no host')
  return merge(hosts)
}

const keys = ['slots', 'max_slots', 'user']
const sameKeys: Readonly<Record<string, string>> = { 'max-slots': 'max_slots', count: 'slots', username: 'user' }

function readLine([first, ...words]: readonly string[], wrong: (problem: string) => Error): Host {
  const { name, slots } = readHost(first, wrong)
  const found: Record<string, string> = slots === undefined ? {} : { slots: String(slots) }
  for (const word of words) {
    const [, typed, value] = /^([\w-]+)=(.*)$/.exec(word) ?? []
    if (typed === undefined) throw wrong(`'${word}' is no setting: settings are slots=4, max_slots=8 and user=name`)
    const key = sameKeys[typed.toLowerCase()] ?? typed.toLowerCase()
    if (!keys.includes(key)) {
      const meant = nearest(key, keys)
      throw wrong(
        `there is no setting '${typed}' of a host${meant ? `. Did you mean ${meant}?` : `: there are ${keys.join(', ')}`}`,
      )
    }
    if (key in found) throw wrong(`${name} has ${key} twice`)
    if (key !== 'user') slotCount(value, wrong)
    else if (value === '') throw wrong('user= names nobody')
    found[key] = value
  }
  if (found.max_slots !== undefined && found.slots !== undefined && Number(found.max_slots) < Number(found.slots)) {
    throw wrong(`${name} has more slots (${found.slots}) than it may have at most (${found.max_slots})`)
  }
  return {
    name,
    slots: found.slots === undefined ? undefined : Number(found.slots),
    ...(found.user !== undefined && { user: found.user }),
  }
}

/** @param lists what `--host` was given, each time: `a:4,b`; a name without slots is one slot */
export function hostsOf(lists: readonly string[]): Host[] {
  const words = lists.flatMap(list => list.split(','))
  const wrong = (problem: string) => new UsageError('mpirun', `--host ${lists.join(',')}: ${problem}`)
  return merge(words.map(word => readHost(word, wrong)).map(({ name, slots = 1 }) => ({ name, slots })))
}

function readHost(word: string, wrong: (problem: string) => Error): { name: string; slots: number | undefined } {
  const [, name, slots] = /^(\[.*?\]|[^:]*)(?::(.*))?$/.exec(word) ?? []
  if (name === undefined || !hostName.test(name)) throw wrong(`'${word}' is no name of a host`)
  return { name, slots: slots === undefined ? undefined : slotCount(slots, wrong) }
}

function slotCount(text: string, wrong: (problem: string) => Error): number {
  const slots = Number(text)
  if (!/^\d+$/.test(text) || slots < 1 || slots > 1e6) throw wrong(`'${text}' is no number of slots`)
  return slots
}

function merge(hosts: readonly Host[]): Host[] {
  return [...Map.groupBy(hosts, ({ name }) => name).values()].map(same => {
    if (same.length === 1) return same[0]
    return { ...same[0], slots: same.reduce((sum, { slots = 1 }) => sum + slots, 0) }
  })
}

/** Whether a host is this machine, as far as its name tells. */
export function isHere({ name }: Host): boolean {
  const bare = name.replace(/^\[|\]$/g, '').toLowerCase()
  const mine = hostname().toLowerCase()
  const addresses = Object.values(networkInterfaces()).flatMap(list => (list ?? []).map(({ address }) => address))
  return ['localhost', '::1', mine, mine.split('.')[0], ...addresses].includes(bare) || /^127(\.\d+){3}$/.test(bare)
}
