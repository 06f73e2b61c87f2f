// The thread that has the file: it reads what it is asked, does as one commit all changes that wait, and tells those who watch.

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { toErrorWire } from '@skein/base'
import type { WatchBatch } from '../../store.ts'
import { type ChangeRequest, isRead, type ReadRequest } from '../asking.ts'
import { Bell } from './bell.ts'
import { FileEngine } from './engine.ts'
import { Followers } from './followers.ts'
import type { FileOptions, Letter, Reply } from './letters.ts'

/** How often those who watch look whether leases are over, and whether another process has written and was not heard. */
const lookMs = 10
/** Changes of one commit, at most: others wait for it. */
const most = 1000

const port = parentPort!

class Desk {
  private readonly engine: FileEngine
  private readonly followers: Followers
  private readonly bell: Bell
  private reads: { id: number; request: ReadRequest }[] = []
  private changes: { id: number; request: ChangeRequest }[] = []
  private replies: Reply[] = []
  private isClosing = false
  private look: NodeJS.Timeout | undefined

  constructor(engine: FileEngine, bell: Bell) {
    this.engine = engine
    this.bell = bell
    engine.onChange = () => bell.ring()
    engine.whileWaiting = () => {
      this.drain()
      // They see what is there, and do not end leases: that would be to write.
      this.answer()
      this.send()
    }
    this.followers = new Followers(engine, {
      batch: (id: number, batch: WatchBatch) => this.replies.push({ is: 'batch', id, batch }),
      ended: (id: number, error: unknown) => this.replies.push({ is: 'ended', id, error: toErrorWire(error) }),
    })
  }

  /** Letters have come. */
  turn(letters: readonly Letter[]): void {
    this.take(letters)
    this.drain()
    this.read()
    if (this.changes.length > 0) {
      // Who reads does not wait for those who write.
      this.send()
      while (this.changes.length > 0) this.commit()
      this.read()
    }
    this.tell()
    this.send()
    if (this.isClosing) this.close()
  }

  private drain(): void {
    for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port)) this.take(more.message)
  }

  private take(letters: readonly Letter[]): void {
    for (const letter of letters)
      switch (letter.is) {
        case 'ask':
          if (isRead(letter.request)) this.reads.push({ id: letter.id, request: letter.request })
          else this.changes.push({ id: letter.id, request: letter.request })
          break
        case 'watch':
          this.watch(letter)
          break
        case 'read':
          this.followers.allow(letter.id, letter.bytes)
          break
        case 'leave':
          this.followers.remove(letter.id)
          break
        case 'close':
          this.isClosing = true
      }
  }

  private read(): void {
    if (this.reads.length === 0) return
    try {
      this.engine.expire()
    } catch (error) {
      const failed = toErrorWire(error)
      for (const { id } of this.reads.splice(0)) this.replies.push({ is: 'failed', id, error: failed })
    }
    this.answer()
  }

  private answer(): void {
    for (const { id, request } of this.reads.splice(0)) this.reply(id, () => this.engine.read(request))
  }

  private reply(id: number, value: () => unknown): void {
    try {
      this.replies.push({ is: 'done', id, value: value() })
    } catch (error) {
      this.replies.push({ is: 'failed', id, error: toErrorWire(error) })
    }
  }

  private commit(): void {
    let changes: typeof this.changes = []
    // Those that came while another process was waited for are among them.
    const settled = this.engine.commit(() => {
      changes = this.changes.splice(0, most)
      return changes.map(({ request }) => request)
    })
    for (const [i, { id }] of changes.entries())
      this.reply(id, () => {
        const outcome = settled![i]
        if ('error' in outcome) throw outcome.error
        return outcome.value
      })
  }

  private watch(letter: Extract<Letter, { is: 'watch' }>): void {
    try {
      // Before it is known from where on it watches: nothing is passed over.
      this.bell.listen(() => this.turn([]))
      this.followers.add(letter)
      this.replies.push({ is: 'watching', id: letter.id })
      this.look ??= setTimeout(() => this.lookAgain(), lookMs)
    } catch (error) {
      this.replies.push({ is: 'ended', id: letter.id, error: toErrorWire(this.engine.explained(error, 'watch')) })
    }
  }

  private tell(): void {
    try {
      this.followers.tell()
    } catch (error) {
      this.followers.end(this.engine.explained(error, 'watch'))
    }
  }

  private lookAgain(): void {
    this.look = undefined
    if (this.isClosing) return
    if (this.followers.size === 0) return this.bell.ignore()
    try {
      this.engine.expire()
    } catch (error) {
      this.followers.end(error)
    }
    this.turn([])
    this.look ??= setTimeout(() => this.lookAgain(), lookMs)
  }

  private send(): void {
    if (this.replies.length === 0) return
    port.postMessage(this.replies)
    this.replies = []
  }

  private close(): void {
    clearTimeout(this.look)
    this.bell.close()
    this.engine.close()
    this.replies.push({ is: 'closed' })
    this.send()
    port.close()
  }
}

try {
  const options: FileOptions = workerData
  const desk = new Desk(new FileEngine(options), new Bell(options.path))
  port.on('message', letters => desk.turn(letters))
  port.postMessage([{ is: 'opened' }] satisfies Reply[])
} catch (error) {
  port.postMessage([{ is: 'refused', error: toErrorWire(error) }] satisfies Reply[])
}
