// A value that many read and few change, kept up to date where it is read: what was there last is known also while the store is away.
import { CancelledError } from '@skein/base'
import { checkName } from '../core/keys.ts'
import { follow } from '../following.ts'
import type { Entry, Store } from '../store.ts'
import { only } from '../waiting.ts'
import { compareAndSet } from './compare-and-set.ts'
import { decode, encode } from './json.ts'

export interface ConfigOptions<T> {
  /** The value while none is set. Default: undefined. */
  initial?: T
  /** Gives a value that is read or to be set as it is to be, or throws: then it is not set, or the last one that was right stays. Default: all are right. */
  check?: (value: unknown) => T
  /** Told what is wrong with what others have set, and why the store cannot be read. Default: nobody is. */
  onProblem?: (error: unknown) => void
}

export class Config<T> implements AsyncDisposable, AsyncIterable<T> {
  readonly name: string
  private readonly store: Store
  private readonly key: string
  private readonly options: ConfigOptions<T>
  private readonly closing = new AbortController()
  private readonly listeners = new Set<() => void>()
  private entry: Entry | undefined
  private current: T
  private ended: { error: unknown } | undefined
  private changes = 0

  private constructor(store: Store, name: string, options: ConfigOptions<T>) {
    this.name = name
    this.store = store
    this.key = `skein/config/${name}`
    this.options = options
    this.current = options.initial as T
  }

  /** Resolves when it has been read. Rejects with what `check` throws for what is there, StoredValueError, ArgumentError. */
  static async open<T>(store: Store, name: string, options: ConfigOptions<T> = {}): Promise<Config<T>> {
    const config = new Config<T>(store, checkName('config', name), options)
    await new Promise<void>((read, fail) => void config.keepUpToDate(read, fail))
    return config
  }

  /** As it was last heard of. */
  get value(): T {
    return this.current
  }

  /** At which revision it was set; 0: it was not. */
  get revision(): number {
    return this.entry?.modified ?? 0
  }

  /** Rejects with ArgumentError, what `check` throws, and what the store rejects with. */
  async set(value: T): Promise<void> {
    await this.store.put(this.key, this.encoded('config.set', value))
  }

  /** Back to what it is initially. */
  async unset(): Promise<void> {
    await this.store.delete(this.key)
  }

  /** Sets what `change` makes of the value as it is in the store; called again if others have set it meanwhile. Gives what was set. */
  async update(change: (value: T) => T): Promise<T> {
    let value!: T
    const { key } = this
    await compareAndSet(
      'config.update',
      this.store,
      key,
      entry => {
        value = change(entry ? this.checked(entry) : (this.options.initial as T))
        return [{ op: 'put', key, value: this.encoded('config.update', value) }]
      },
      { known: this.entry },
    )
    return value
  }

  /** Calls `run` with each value from now on. What it gives ends that. */
  onChange(run: (value: T) => void): () => void {
    const listener = (): void => {
      if (!this.ended) run(this.current)
    }
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** The value, and then each that follows; of those that come faster than they are read, the last. Ends when it is closed. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void> {
    return this.values()
  }

  /** The same, until the signal: by CancelledError. */
  async *values({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<T, void> {
    for (let seen = -1; ; ) {
      CancelledError.check(signal, 'config.values')
      if (seen !== this.changes) {
        seen = this.changes
        yield this.current
      } else if (!this.ended) await this.nextChange(signal)
      else if (this.ended.error === undefined) return
      else throw this.ended.error
    }
  }

  /** Keeps it up to date no more. */
  close(): void {
    this.closing.abort()
    this.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  private async keepUpToDate(read: () => void, fail: (error: unknown) => void): Promise<void> {
    const { onProblem } = this.options
    let isFirst = true
    try {
      const following = follow(this.store, only(this.key), { signal: this.closing.signal, onAway: onProblem })
      for await (const { entries } of following) {
        const entry = entries.get(this.key)
        try {
          this.current = entry ? this.checked(entry) : (this.options.initial as T)
          this.entry = entry
          this.changes++
        } catch (error) {
          if (isFirst) throw error
          onProblem?.(error)
          continue
        }
        if (isFirst) read()
        else this.tell()
        isFirst = false
      }
    } catch (error) {
      if (isFirst) fail(error)
      this.end(error)
    }
  }

  private checked(entry: Pick<Entry, 'key' | 'value'>): T {
    const value = decode<T>(entry)
    return this.options.check ? this.options.check(value) : value
  }

  private encoded(call: string, value: T): string {
    return encode(call, this.options.check ? this.options.check(value) : value)
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener()
  }

  private end(error?: unknown): void {
    if (this.ended) return
    this.ended = { error: this.closing.signal.aborted ? undefined : error }
    this.closing.abort()
    this.tell()
    this.listeners.clear()
  }

  /** Resolves when there is another value, at the end, and when the signal is aborted. */
  private nextChange(signal: AbortSignal | undefined): Promise<void> {
    return new Promise(resolve => {
      const done = (): void => {
        this.listeners.delete(done)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      this.listeners.add(done)
      signal?.addEventListener('abort', done, { once: true })
    })
  }
}
