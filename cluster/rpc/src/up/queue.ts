// Calls that wait for a connection, in the order in which the program has made them.
import type { Clock } from '@skein/world'
import { failed } from '../asking.ts'
import { QueueFullError } from '../errors.ts'
import { type Current, functionAt, onConnection, Queued, type Request } from './queued.ts'

export interface QueueOptions {
  readonly clock: Clock
  /** Calls that wait at a time. */
  readonly most: number
  /** Whether a call of what is offered at `path` may be made again if it is not known whether it was made. */
  readonly mayRepeat: (path: readonly string[]) => boolean
  readonly peer: () => string
}

export class Queue {
  private readonly options: QueueOptions
  /** By number. */
  private waiting: { number: number; call: Queued }[] = []
  /** What was made, is not answered, and may be made again. */
  private readonly made = new Map<number, { call: Queued; on: Current }>()
  private last = 0
  private current: Current | undefined
  private isMaking = false
  private closed: Error | undefined

  constructor(options: QueueOptions) {
    this.options = options
  }

  get size(): number {
    return this.waiting.length
  }

  /** Calls can be made, all that wait first; `undefined`: they cannot any more. */
  use(current: Current | undefined): void {
    this.current = current
    if (this.isMaking) return
    this.isMaking = true
    // What is made may lose the connection, or ask for more.
    while (this.current !== undefined && !this.current.lost && this.waiting.length > 0) {
      const { number, call } = this.waiting.shift()!
      this.make(number, call)
    }
    this.isMaking = false
  }

  /** A connection is lost: what was made on it, is not answered, and may be made again waits anew. */
  lose(connection: Current): void {
    for (const [number, { call, on }] of this.made)
      if (on === connection) {
        this.made.delete(number)
        if (call.isPending) this.add(number, call)
      }
  }

  /** What is at `path` in what is offered is called: at once where that can be, else once it can. What goes wrong the answer rejects with. */
  call(path: readonly string[], args: unknown[]): unknown {
    const { current } = this
    const mayRepeat = this.options.mayRepeat(path)
    if (current === undefined || current.lost || this.isMaking || this.waiting.length > 0 || mayRepeat)
      return this.enqueue({ of: undefined, path, args }, mayRepeat).answer
    try {
      return functionAt(current.remote, path)(...args.map(arg => onConnection(arg, current)))
    } catch (error) {
      return failed(error)
    }
  }

  run(run: (remote: object) => unknown): Promise<unknown> {
    return this.enqueue({ run }, false).promise
  }

  /** Nothing is made any more: what waits rejects. */
  close(reason: Error): void {
    this.closed = reason
    this.current = undefined
    for (const { call } of this.waiting.splice(0)) call.reject(reason)
    for (const { call } of this.made.values()) call.reject(reason)
  }

  private enqueue(request: Request, mayRepeat: boolean): Queued {
    const { most, peer } = this.options
    const call: Queued = new Queued(request, mayRepeat, next => this.enqueue(next, this.mayRepeatOf(next, call)))
    if (this.closed) call.reject(this.closed)
    else if (this.waiting.length >= most) call.reject(new QueueFullError(peer(), most))
    else this.add(++this.last, call)
    return call
  }

  /** Looking at what an answer holds does no more than the call did. */
  private mayRepeatOf(request: Request, of: Queued): boolean {
    return this.options.mayRepeat([]) || ('args' in request && request.args === undefined && of.mayRepeat)
  }

  private add(number: number, call: Queued): void {
    // Calls that are made again were asked for before those that wait.
    const at = this.waiting.findLastIndex(other => other.number < number) + 1
    const entry = { number, call }
    this.waiting.splice(at, 0, entry)
    call.wait(this.options.clock, this.options.peer(), () => {
      const at = this.waiting.indexOf(entry)
      if (at >= 0) this.waiting.splice(at, 1)
    })
    if (this.current) this.use(this.current)
  }

  private make(number: number, call: Queued): void {
    const { current } = this
    call.make(current!)
    if (!call.mayRepeat || !call.isPending) return
    this.made.set(number, { call, on: current! })
    call.promise.then(
      () => this.made.delete(number),
      () => this.made.delete(number),
    )
  }
}
