// A call that waits until it can be made. Its answer can be used at once, as any: what is asked of it waits behind it, in the same queue, so that all is said in the order in which the program has said it.
import { asyncSnapshot, TimeoutError } from '@skein/base'
import type { Clock, Timer } from '@skein/world'
import { answerOf, follow, localOrigin, type Origin, placeOf } from '../answers.ts'
import { callContext } from '../context.ts'
import { NoSuchFunctionError } from '../errors.ts'

/** A connection, on which calls are made. */
export interface Current {
  readonly remote: object
  /** Why it ended, if it has. */
  readonly lost: unknown
}

/** What is asked for. */
export type Request =
  /** To call what is at `path` in what the other side offers, or in the answer of `of`; without arguments: to be given it. */
  | { readonly of: Queued | undefined; readonly path: readonly string[]; readonly args: unknown[] | undefined }
  /** To do something with what it offers. */
  | { readonly run: (remote: object) => unknown }

export class Queued implements Origin {
  readonly owner = undefined
  readonly number = 0
  isPending = true
  /** May be made again if it is not known whether it was made. */
  readonly mayRepeat: boolean
  readonly promise: Promise<unknown>
  private readonly request: Request
  private readonly enqueue: (request: Request) => Queued
  private readonly settled = Promise.withResolvers<unknown>()
  private readonly inContext = asyncSnapshot()
  private failure: { error: unknown } | undefined
  /** What the call gave once it was made: an answer that may not be here yet. */
  private made: { on: Current; answer: any } | undefined
  private release = (): void => {}

  constructor(request: Request, mayRepeat: boolean, enqueue: (request: Request) => Queued) {
    this.request = request
    this.mayRepeat = mayRepeat
    this.enqueue = enqueue
    this.promise = this.settled.promise
    this.promise.catch(() => {})
  }

  get answer(): unknown {
    return 'run' in this.request ? this.promise : answerOf(this, this.promise)
  }

  /** Until it is made. `givenUp` is told if its deadline is over before, or a signal among its arguments is aborted. */
  wait(clock: Clock, peer: string, givenUp: () => void): void {
    const giveUp = (error: unknown): void => {
      this.reject(error)
      givenUp()
    }
    const { remainingMs } = this.inContext(callContext)
    let timer: Timer | undefined
    if (remainingMs !== Number.POSITIVE_INFINITY) {
      const late = (): void =>
        giveUp(
          new TimeoutError(`The call to ${peer}`, Math.round(remainingMs), 'There was no connection: it was not made'),
        )
      timer = clock.after(remainingMs, late)
    }
    const args = 'run' in this.request ? [] : (this.request.args ?? [])
    const signals = args.filter(arg => arg instanceof AbortSignal)
    const abort = (): void => giveUp(signals.find(signal => signal.aborted)!.reason)
    this.release = () => {
      timer?.cancel()
      for (const signal of signals) signal.removeEventListener('abort', abort)
    }
    for (const signal of signals) signal.addEventListener('abort', abort, { once: true })
    if (signals.some(signal => signal.aborted)) abort()
  }

  /** Makes the call. */
  make(on: Current): void {
    this.release()
    if (!this.isPending) return
    this.inContext(() => {
      try {
        const answer = this.start(on)
        this.made = { on, answer }
        // An answer is asked for what it stands for when somebody waits for it: now.
        Promise.resolve(answer).then(
          value => this.settle(() => this.settled.resolve(value)),
          error => {
            // One that was lost with its connection, and may be made again, waits again.
            if (!this.mayRepeat || error === undefined || error !== on.lost) this.reject(error)
          },
        )
      } catch (error) {
        this.reject(error)
      }
    })
  }

  reject(error: unknown): void {
    if (!this.isPending) return
    this.settle(() => {
      this.failure = { error }
      this.settled.reject(error)
    })
  }

  get(path: readonly string[]): Promise<unknown> {
    return this.isPending
      ? this.enqueue({ of: this, path, args: undefined }).promise
      : localOrigin(this.promise).get(path)
  }

  call(path: readonly string[], args: unknown[]): unknown {
    return this.isPending ? this.enqueue({ of: this, path, args }).answer : localOrigin(this.promise).call(path, args)
  }

  /** Its answer on a connection, or what is at `path` in it; undefined if it was not made there. */
  on(connection: Current, path: readonly string[]): unknown {
    return this.made?.on === connection ? path.reduce((at, key) => at[key], this.made.answer) : undefined
  }

  private settle(how: () => void): void {
    this.release()
    this.isPending = false
    how()
  }

  private start(on: Current): unknown {
    const { request } = this
    if ('run' in request) return request.run(on.remote)
    const { of, path, args } = request
    if (of?.failure) throw of.failure.error
    if (of) {
      const target = path.reduce((at, key) => at[key], of.made!.answer)
      return args ? target(...args.map(arg => onConnection(arg, on))) : target
    }
    return functionAt(on.remote, path)(...args!.map(arg => onConnection(arg, on)))
  }
}

/** Throws NoSuchFunctionError. */
export const functionAt = (remote: object, path: readonly string[]): Function => {
  const found = follow(remote, path)
  if (typeof found === 'function') return found
  throw new NoSuchFunctionError(path.join('.'), 'the other side offers no such function')
}

/** An argument that is an answer of a queued call, as the connection knows it: the other side need not ask for it then. */
export const onConnection = (arg: unknown, connection: Current): unknown => {
  if ((typeof arg !== 'object' && typeof arg !== 'function') || arg === null) return arg
  const place = placeOf(arg)
  if (!(place?.origin instanceof Queued) || !place.origin.isPending) return arg
  return place.origin.on(connection, place.path) ?? arg
}
