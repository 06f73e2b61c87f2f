/** Where the dashboard has its messages from: this very program, or another one through its door. */

import { connect, type Socket } from 'node:net'
import { doorOf, type Follower, feed, programsWithDoors, type Story, type Wish } from '@skein/tasks/observe'
import { NoProgramError } from './errors.ts'

export interface Source {
  /** Tells a follower everything from now on; `ended` is called when nothing more can come. */
  follow(follower: Follower, ended: () => void): () => void
  story(task: number): Promise<Story | undefined>
}

/** This program. */
export const here: Source = {
  follow: follower => feed().follow(follower),
  story: async task => feed().story(task),
}

/** How long a follower that can take no more is left alone. */
const pauseMs = 50

/** Another program of this user. @throws (rejects with) NoProgramError */
export async function programAt(pid: number): Promise<Source> {
  const knock = await open(pid)
  knock.destroy()
  return {
    follow(follower, ended) {
      let left = false
      let socket: Socket | undefined
      open(pid).then(
        opened => {
          socket = opened
          if (left) return void socket.destroy()
          ask(socket, { want: 'follow' }, line => {
            follower.send(line)
            if (follower.ready() || opened.isPaused()) return
            opened.pause()
            const look = () => void (follower.ready() ? opened.resume() : setTimeout(look, pauseMs).unref())
            setTimeout(look, pauseMs).unref()
          })
          socket.on('close', () => left || ended())
        },
        () => ended(),
      )
      return () => {
        left = true
        socket?.destroy()
      }
    },
    async story(task) {
      const socket = await open(pid)
      return new Promise(resolve => {
        ask(socket, { want: 'story', task }, line => resolve((JSON.parse(line) as Story | null) ?? undefined))
        socket.on('close', () => resolve(undefined))
      })
    },
  }
}

function open(pid: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(doorOf(pid))
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => reject(new NoProgramError(pid, programsWithDoors())))
  })
}

/** Sends a wish, and hands over what comes back line by line. */
function ask(socket: Socket, wish: Wish, hear: (line: string) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('error', () => socket.destroy())
  socket.on('data', (piece: string) => {
    const lines = (rest + piece).split('\n')
    rest = lines.pop()!
    for (const line of lines) hear(line)
  })
  socket.write(`${JSON.stringify(wish)}\n`)
}
