/**
 * The door by which other processes of the same user look into a program that runs: a Unix socket, named by the process, in a
 * folder that only that user can enter. Whoever connects sends one line of JSON, and is answered in such lines:
 *
 *     { "want": "follow" }             what the feed tells, until one side ends it
 *     { "want": "story", "task": 7 }   what is known of a task
 */

import { lstatSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { feed } from './feed.ts'

export type Wish = { readonly want: 'follow' } | { readonly want: 'story'; readonly task: number }

/** More than this not yet taken by the other side, and it is passed over. */
const mostWaitingBytes = 1 << 20
const longestWish = 1 << 16

/** Where doors are: `skein` in the user's runtime directory, or `skein-<user>` in that for temporary files. */
export function doorsFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_RUNTIME_DIR: runtime } = env
  return runtime ? join(runtime, 'skein') : join(tmpdir(), `skein-${process.getuid?.() ?? 0}`)
}

export const doorOf = (pid: number): string => join(doorsFolder(), `${pid}.sock`)

/** Whether a folder is ours and nobody else can enter it: in a place where all may write, someone else may have made it. */
export function isPrivate(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0
}

/** Programs of this user with a door. Doors whose program ended without closing them are taken away. */
export function programsWithDoors(): number[] {
  const folder = doorsFolder()
  if (process.platform === 'win32' || !isPrivate(folder)) return []
  return readdirSync(folder)
    .flatMap(name => /^(\d+)\.sock$/.exec(name)?.[1] ?? [])
    .map(Number)
    .filter(pid => isAlive(pid) || (tryUnlink(join(folder, `${pid}.sock`)), false))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function tryUnlink(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Someone else was first.
  }
}

let opened: Promise<boolean> | undefined

/**
 * Opens this program's door, once; false: there is none. That is so without a folder of our own, on Windows, and with
 * `SKEIN_DOOR=0`; a program never fails for it.
 */
export const openDoor = (): Promise<boolean> => (opened ??= open())

async function open(): Promise<boolean> {
  if (!isMainThread || process.platform === 'win32' || process.env.SKEIN_DOOR === '0') return false
  const folder = doorsFolder()
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch {
    // It is there already, or cannot be made: what is there is looked at.
  }
  if (!isPrivate(folder)) return false
  const path = doorOf(process.pid)
  // Of an earlier process with our number.
  tryUnlink(path)
  const server = createServer(serve)
  server.unref()
  process.once('exit', () => tryUnlink(path))
  return new Promise(resolve => {
    server.on('error', () => resolve(false))
    server.listen(path, () => resolve(true))
  })
}

function serve(socket: Socket): void {
  socket.unref()
  let leave: (() => void) | undefined
  let text = ''
  socket.on('error', () => socket.destroy())
  socket.on('close', () => leave?.())
  socket.setEncoding('utf8')
  const hear = (piece: string) => {
    text += piece
    const end = text.indexOf('\n')
    if (end < 0 && text.length < longestWish) return
    socket.off('data', hear)
    socket.resume()
    leave = answer(socket, text.slice(0, end))
  }
  socket.on('data', hear)
}

/** @returns what ends it, when it goes on */
function answer(socket: Socket, line: string): (() => void) | undefined {
  let wish: Wish | undefined
  try {
    wish = JSON.parse(line) as Wish
  } catch {
    // Nothing that can be answered.
  }
  if (wish?.want === 'follow') {
    return feed().follow({
      ready: () => socket.writableLength < mostWaitingBytes,
      send: message => socket.write(`${message}\n`),
    })
  }
  if (wish?.want === 'story') socket.end(`${JSON.stringify(feed().story(Number(wish.task)) ?? null)}\n`)
  else socket.destroy()
  return undefined
}
