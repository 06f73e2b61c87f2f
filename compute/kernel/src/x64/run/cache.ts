/**
 * Machine code on disk, for the next process that compiles the same kernel. A file is one program: its name is the hash of all that the code depends on, and its contents begin with a hash of theirs.
 *
 *     magic, format, bytes of the description and of the code    24 bytes
 *     SHA-256 of name, description and code                      32
 *     description (JSON), code
 *
 * What is read is executed. So files and their folder must belong to this user and be writable by nobody else, and the hash must be right. Whatever is wrong with a file, the folder or the disk is a miss,
 * never an error; `NODE_DEBUG=skein` tells. Files are written beside and renamed, so readers see whole ones.
 *
 * `SKEIN_CACHE=off` does without; `SKEIN_CACHE=/a/folder` is used instead of `skein/x64` in the user's cache (XDG Base Directory Specification).
 */

import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { debuglog } from 'node:util'
import { threadId } from 'node:worker_threads'

export interface CachedProgram {
  /** What is to be known of the code besides: anything that JSON keeps. */
  readonly description: unknown
  readonly code: Uint8Array
}

export interface CacheOptions {
  /** Files beyond so many bytes are deleted, those used longest ago first. */
  readonly mostBytes?: number
  readonly report?: (text: string) => void
}

const magic = new TextEncoder().encode('SKEINX64')
const format = 1
const headBytes = 24
const hashBytes = 32
/** Larger files are nothing of ours. */
const mostFileBytes = 64 << 20
const defaultMostBytes = 256 << 20
/** The folder is looked through at the first write, and then each time after so many. */
const writesBetweenLooks = 64
/** A file's time is its last use, to so many ms. */
const usedToMs = 24 * 3600 * 1000
const abandonedMs = 3600 * 1000
const othersMayWrite = 0o022

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The key of what depends on these and nothing else. */
export function keyOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part
    hash.update(`${bytes.length}:`).update(bytes)
  }
  return hash.digest('hex')
}

const hashOf = (key: string, body: Uint8Array): Buffer => createHash('sha256').update(key).update(body).digest()

export class CodeCache {
  readonly folder: string
  readonly #mostBytes: number
  readonly #report: (text: string) => void
  #isUsable: boolean | undefined
  #isReadOnly = false
  #writes = 0

  constructor(folder: string, { mostBytes = defaultMostBytes, report = debuglog('skein') }: CacheOptions = {}) {
    this.folder = folder
    this.#mostBytes = mostBytes
    this.#report = report
  }

  /** The program of a key; undefined where there is none that can be trusted. */
  read(key: string): CachedProgram | undefined {
    if (!this.#canUse(false)) return undefined
    const path = join(this.folder, key)
    try {
      const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
      try {
        return this.#readFile(fd, key, path)
      } finally {
        closeSync(fd)
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#miss(path, messageOf(error))
      return undefined
    }
  }

  #readFile(fd: number, key: string, path: string): CachedProgram | undefined {
    const stat = fstatSync(fd)
    const wrong = stat.isFile() ? distrust(stat) : 'is no file'
    if (wrong !== undefined) return this.#miss(path, wrong)
    if (stat.size > mostFileBytes || stat.size < headBytes + hashBytes) return this.#miss(path, 'has an odd length')
    const bytes = new Uint8Array(stat.size)
    let length = 0
    for (let n = -1; n !== 0 && length < bytes.length; length += n)
      n = readSync(fd, bytes, length, bytes.length - length, null)
    const words = new DataView(bytes.buffer)
    const isOurs = magic.every((byte, k) => bytes[k] === byte) && words.getUint32(8, true) === format
    if (!isOurs) return this.#miss(path, 'is of another format')
    const [descriptionBytes, codeBytes] = [words.getUint32(12, true), words.getUint32(16, true)]
    const body = bytes.subarray(headBytes + hashBytes)
    if (descriptionBytes + codeBytes !== body.length) return this.#miss(path, 'is cut off')
    const said = Buffer.from(bytes.buffer, headBytes, hashBytes)
    if (!hashOf(key, body).equals(said)) return this.#miss(path, 'is corrupted')
    const description: unknown = JSON.parse(new TextDecoder().decode(body.subarray(0, descriptionBytes)))
    if (Date.now() - stat.mtimeMs > usedToMs) this.#touch(path)
    return { description, code: body.slice(descriptionBytes) }
  }

  #touch(path: string): void {
    const now = new Date()
    try {
      utimesSync(path, now, now)
    } catch {
      // On a disk that is only read nothing is deleted either.
    }
  }

  #miss(path: string, why: string): undefined {
    this.#report(`code cache: ${path} ${why}`)
    return undefined
  }

  /** Keeps a program for others; or does not, if the disk is full or read-only. */
  write(key: string, { description, code }: CachedProgram): void {
    if (this.#isReadOnly || !this.#canUse(true)) return
    const text = new TextEncoder().encode(JSON.stringify(description))
    const bytes = new Uint8Array(headBytes + hashBytes + text.length + code.length)
    const words = new DataView(bytes.buffer)
    bytes.set(magic)
    words.setUint32(8, format, true)
    words.setUint32(12, text.length, true)
    words.setUint32(16, code.length, true)
    bytes.set(text, headBytes + hashBytes)
    bytes.set(code, headBytes + hashBytes + text.length)
    bytes.set(hashOf(key, bytes.subarray(headBytes + hashBytes)), headBytes)
    const path = join(this.folder, key)
    const beside = `${path}.${process.pid}.${threadId}.tmp`
    try {
      writeFileSync(beside, bytes, { mode: 0o600, flag: 'wx' })
      renameSync(beside, path)
    } catch (error) {
      this.#isReadOnly = true
      this.#report(`code cache: nothing more is written: ${messageOf(error)}`)
      deleteFile(beside)
      return
    }
    if (this.#writes++ % writesBetweenLooks === 0) this.#prune()
  }

  /** Whether the folder is there, or could be made, and is ours alone. */
  #canUse(makes: boolean): boolean {
    if (this.#isUsable !== undefined) return this.#isUsable
    try {
      if (makes) makeFolder(this.folder)
      const stat = lstatSync(this.folder)
      const wrong = stat.isDirectory() ? distrust(stat) : 'is no folder'
      if (wrong !== undefined) this.#miss(this.folder, wrong)
      this.#isUsable = wrong === undefined
    } catch (error) {
      // What is not there can still be made.
      if (!makes && (error as NodeJS.ErrnoException).code === 'ENOENT') return false
      this.#miss(this.folder, messageOf(error))
      this.#isUsable = false
    }
    return this.#isUsable
  }

  #prune(): void {
    const files = readdirSync(this.folder).flatMap(name => {
      const path = join(this.folder, name)
      const stat = statSync(path, { throwIfNoEntry: false })
      return stat?.isFile() ? [{ path, bytes: stat.size, usedMs: stat.mtimeMs, isWhole: !name.endsWith('.tmp') }] : []
    })
    for (const { path, usedMs, isWhole } of files) if (!isWhole && Date.now() - usedMs > abandonedMs) deleteFile(path)
    let sum = files.reduce((total, { bytes }) => total + bytes, 0)
    if (sum <= this.#mostBytes) return
    for (const { path, bytes } of files.sort((a, b) => a.usedMs - b.usedMs)) {
      if (sum <= (this.#mostBytes * 3) / 4) return
      deleteFile(path)
      sum -= bytes
    }
  }
}

/** Why something on disk is not to be trusted. */
function distrust({ uid, mode }: Stats): string | undefined {
  if (uid !== process.getuid?.()) return 'belongs to somebody else'
  return (mode & othersMayWrite) !== 0 ? 'may be written by others' : undefined
}

/** With those around it. Node's own way never returns where the system says, as under /proc, that there is no such folder to make one in (26.10). */
function makeFolder(path: string): void {
  const parent = dirname(path)
  if (parent !== path && !existsSync(parent)) makeFolder(parent)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function deleteFile(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Another process was faster, or the disk is read-only.
  }
}

/** Where the cache is for a process with this environment; undefined: it has none. */
export function cacheFolder(env: NodeJS.ProcessEnv, home: string): string | undefined {
  const { SKEIN_CACHE: asked, XDG_CACHE_HOME: xdg } = env
  if (asked !== undefined && asked !== '') return isAbsolute(asked) ? asked : undefined
  // The specification has relative paths ignored.
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.cache')
  return isAbsolute(base) ? join(base, 'skein', 'x64') : undefined
}

let opened: CodeCache | null | undefined

/** The process's cache; undefined where there is to be none. */
export function processCache(): CodeCache | undefined {
  if (opened === undefined) {
    const folder = cacheFolder(process.env, homedir())
    opened = folder === undefined ? null : new CodeCache(folder)
  }
  return opened ?? undefined
}
