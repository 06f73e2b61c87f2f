// Notices that the other side is gone without a word: a cable that was pulled, a machine that lost power, a firewall that forgot. TCP says nothing of that to who only listens.
import { ArgumentError } from '@skein/base'
import type { Clock, Timer } from '@skein/world'

export interface Heartbeat {
  /** After so long without a word the other side is asked for one; at most half as long again. Default 10,000. */
  idleMs: number
  /** How long it has for that. Default 60,000, for it may be busy; where sessions connect again 5000. */
  timeoutMs: number
}

/** Throws ArgumentError. */
export const heartbeatOf = (
  call: string,
  given: Partial<Heartbeat> | false | undefined,
  timeoutMs = 60_000,
): Heartbeat | undefined => {
  if (given === false) return undefined
  const heartbeat: Heartbeat = { idleMs: 10_000, timeoutMs, ...given }
  for (const name of ['idleMs', 'timeoutMs'] as const)
    if (!(typeof heartbeat[name] === 'number' && heartbeat[name] > 0 && heartbeat[name] < 2 ** 31))
      throw new ArgumentError(call, `heartbeat.${name}`, 'milliseconds above 0, below 2^31', heartbeat[name])
  return heartbeat
}

export class Heart {
  /** Something has come since it was last looked at. */
  heard = true
  private readonly clock: Clock
  private readonly options: Heartbeat
  private readonly ask: () => boolean
  private readonly silent: (silentMs: number) => void
  private isIdle = false
  private isStopped = false
  private timer: Timer | undefined

  /** `ask` asks the other side for a word, and says whether it can; `silent` is told that none came. */
  constructor(clock: Clock, options: Heartbeat, ask: () => boolean, silent: (silentMs: number) => void) {
    this.clock = clock
    this.options = options
    this.ask = ask
    this.silent = silent
    this.look()
  }

  stop(): void {
    this.isStopped = true
    this.timer?.cancel()
  }

  private look(): void {
    const { idleMs, timeoutMs } = this.options
    const wait = (ms: number, then: () => void): void => {
      this.timer = this.clock.after(ms, then, { background: true })
    }
    const wasIdle = this.isIdle
    this.isIdle = !this.heard
    this.heard = false
    if (!wasIdle || !this.isIdle || !this.ask()) return wait(idleMs / 2, () => this.look())
    wait(timeoutMs, () => {
      if (!this.heard) this.silent(idleMs + timeoutMs)
      // There may be another connection later.
      if (!this.isStopped) this.look()
    })
  }
}
