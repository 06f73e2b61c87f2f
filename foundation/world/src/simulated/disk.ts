// A disk that remembers what was synced, and of the rest, at a crash, whatever chance says.
//
// A file has what programs see (`seen`) and what is surely on the platter (`safe`). Each write since the last sync is kept by itself; a crash takes `safe`
// and lays over it, in order, those that chance keeps: whole, or some of their sectors. So it is for names: what was made, renamed and
// removed since the last sync of the folder is kept up to a point that chance chooses, for file systems keep a journal of names.
import { checkBytes, checkName } from '../asked.ts'
import { WorldError } from '../errors.ts'
import type { Storage, StorageFile } from '../world.ts'
import type { DecisionStream } from './decisions.ts'
import { FileBytes } from './file-bytes.ts'

const sectorBytes = 512

const asks = { lost: 0, torn: 1, border: 2, failed: 3, duration: 4 }

export interface DiskOptions {
  /** Room for all files; without end if not given. */
  capacityBytes?: number
  /** How long a sync takes, least and most. */
  syncMs?: readonly [number, number]
  /** How often a sync fails; afterwards what was not synced is gone, and nobody will say so again. */
  failedSyncRate?: number
}

type Change = { write: Uint8Array; offset: number } | { truncate: number }

interface Content {
  seen: FileBytes
  readonly safe: FileBytes
  /** Since `safe`, oldest first. */
  unsynced: Change[]
}

type Rename = { name: string; content: Content | undefined }

/** What a node's incarnation needs of it: time, and an end. */
export interface DiskHost {
  after(delayMs: number, run: () => void): void
  readonly alive: boolean
}

export class Disk {
  private names = new Map<string, Content>()
  private safeNames = new Map<string, Content>()
  private unsyncedNames: Rename[] = []
  private readonly chance: DecisionStream

  options: DiskOptions

  constructor(chance: DecisionStream, options: DiskOptions = {}) {
    this.options = options
    this.chance = chance
  }

  get usedBytes(): number {
    let sum = 0
    for (const { seen } of this.names.values()) sum += seen.size
    return sum
  }

  /** What is left after power failed. Returns what was lost, in words. */
  crash(): string[] {
    const told: string[] = []
    const survivors = this.unsyncedNames.length
    const kept = this.unsyncedNames.length === 0 ? 0 : this.keptNames(survivors)
    if (kept < survivors) told.push(`${survivors - kept} unsynced changes of names lost`)
    const names = new Map(this.safeNames)
    for (const { name, content } of this.unsyncedNames.slice(0, kept)) {
      if (content) names.set(name, content)
      else names.delete(name)
    }
    for (const [name, content] of names) {
      const before = content.unsynced.length
      if (before > 0) {
        const lost = this.settle(content)
        if (lost > 0) told.push(`${name}: ${lost} of ${before} unsynced writes lost or torn`)
      }
      content.seen = content.safe.copy()
    }
    this.names = names
    this.safeNames = new Map(names)
    this.unsyncedNames = []
    return told
  }

  /** Flips a bit of what lies on the disk. */
  rot(name: string, offset: number): void {
    const content = this.names.get(name)
    if (!content || offset >= content.seen.size) throw new WorldError('no such file', `spoil byte ${offset} of ${name}`)
    for (const bytes of [content.seen, content.safe])
      if (offset < bytes.size) bytes.write(offset, Uint8Array.of(bytes.read(offset, 1)[0] ^ 1))
  }

  /** As the programs of one incarnation of the node see it. */
  storage(host: DiskHost): Storage {
    const sync = (what: string, keep: () => void, lose: () => void, done: (error?: WorldError) => void): void => {
      const [least, most] = this.options.syncMs ?? [0, 0]
      const chance = this.chance.next()
      const fails = chance.happens(asks.failed, this.options.failedSyncRate ?? 0)
      if (fails) lose()
      host.after(chance.between(asks.duration, least, most), () => {
        if (fails) return done(new WorldError('disk failed', `sync ${what}`))
        keep()
        done()
      })
    }
    const rename = (name: string, content: Content | undefined): void => {
      if (!host.alive) throw new WorldError('closed', `change ${name}`)
      if (content) this.names.set(name, content)
      else this.names.delete(name)
      this.unsyncedNames.push({ name, content })
    }
    const found = (name: string, asked: string): Content => {
      const content = this.names.get(name)
      if (!content) throw new WorldError('no such file', asked)
      return content
    }
    return {
      list: () => [...this.names.keys()].sort(),
      rename: (name, to) => {
        checkName('storage.rename', name)
        checkName('storage.rename', to)
        const content = found(name, `rename ${name} to ${to}`)
        if (name === to) return
        rename(to, content)
        rename(name, undefined)
      },
      remove: name => {
        found(checkName('storage.remove', name), `remove ${name}`)
        rename(name, undefined)
      },
      sync: done => {
        const count = this.unsyncedNames.length
        const until = this.unsyncedNames[count - 1]
        const keep = () => {
          const end = until === undefined ? 0 : this.unsyncedNames.indexOf(until) + 1
          for (const { name, content } of this.unsyncedNames.splice(0, end)) {
            if (content) this.safeNames.set(name, content)
            else this.safeNames.delete(name)
          }
        }
        sync('the folder', keep, () => {}, done)
      },
      open: name => {
        let content = this.names.get(checkName('storage.open', name))
        if (!content) {
          content = { seen: new FileBytes(), safe: new FileBytes(), unsynced: [] }
          rename(name, content)
        }
        return this.file(name, content, host, sync)
      },
    }
  }

  private file(
    name: string,
    content: Content,
    host: DiskHost,
    sync: (what: string, keep: () => void, lose: () => void, done: (error?: WorldError) => void) => void,
  ): StorageFile {
    let closed = false
    const open = (asked: string): void => {
      if (closed || !host.alive) throw new WorldError('closed', asked)
    }
    return {
      get sizeBytes() {
        open(`ask for the size of ${name}`)
        return content.seen.size
      },
      read: (offset, length) => {
        open(`read ${name}`)
        return content.seen.read(checkBytes('read', 'offset', offset), checkBytes('read', 'length', length))
      },
      write: (offset, bytes) => {
        open(`write ${name}`)
        const end = checkBytes('write', 'offset', offset) + bytes.length
        if (bytes.length === 0) return
        const room = this.options.capacityBytes ?? Number.POSITIVE_INFINITY
        if (end > content.seen.size && this.usedBytes - content.seen.size + end > room)
          throw new WorldError('disk full', `write ${bytes.length} bytes to ${name}`)
        content.unsynced.push({ write: bytes.slice(), offset })
        content.seen.write(offset, bytes)
      },
      truncate: sizeBytes => {
        open(`truncate ${name}`)
        checkBytes('truncate', 'sizeBytes', sizeBytes)
        content.unsynced.push({ truncate: sizeBytes })
        content.seen.truncate(sizeBytes)
      },
      sync: done => {
        open(`sync ${name}`)
        const until = content.unsynced.at(-1)
        const keep = () => {
          const end = until === undefined ? 0 : content.unsynced.indexOf(until) + 1
          for (const change of content.unsynced.splice(0, end)) apply(content.safe, change)
        }
        // The kernel marks pages clean whose writing failed: they are still seen, and gone after a crash.
        const lose = () => void content.unsynced.splice(0)
        sync(name, keep, lose, done)
      },
      close: () => {
        closed = true
      },
    }
  }

  /** How many of the unsynced changes of names are kept. Calm: all. */
  private keptNames(count: number): number {
    for (let kept = 0; kept < count; kept++) if (this.chance.next().happens(asks.lost, 1 / (count + 1))) return kept
    return count
  }

  /** Brings the unsynced writes of a file to its `safe`, or not. Calm: all of them. Returns how many are not whole. */
  private settle(content: Content): number {
    let lost = 0
    for (const change of content.unsynced) {
      const chance = this.chance.next()
      if (chance.happens(asks.lost, 0.5)) {
        lost++
        if ('write' in change && change.write.length > 0 && chance.happens(asks.torn, 0.5))
          apply(content.safe, torn(change, chance))
        continue
      }
      apply(content.safe, change)
    }
    content.unsynced = []
    return lost
  }
}

function apply(bytes: FileBytes, change: Change): void {
  if ('truncate' in change) bytes.truncate(change.truncate)
  else bytes.write(change.offset, change.write)
}

/** The first sectors of a write, up to a border that chance chooses: the disk lost power in the middle of it. */
function torn(
  change: { write: Uint8Array; offset: number },
  chance: DecisionStream,
): { write: Uint8Array; offset: number } {
  const firstBorder = sectorBytes - (change.offset % sectorBytes)
  const borders: number[] = []
  for (let at = firstBorder; at < change.write.length; at += sectorBytes) borders.push(at)
  const end = borders.length === 0 ? 0 : borders[chance.choose(asks.border, borders.length)]
  return { write: change.write.subarray(0, end), offset: change.offset }
}
