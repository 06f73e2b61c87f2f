/** A command that may run only as long as something is held. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { findProgram } from '@skein/base'
import { diesWithParent } from '../dies-with-parent.ts'
import { CommandError, exitCode, UsageError } from '../errors.ts'
import { endBy } from '../runtime.mjs'

const handed = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const

export interface Ended {
  readonly code: number
  readonly signal: NodeJS.Signals | undefined
  /** It was ended, because what it ran under was lost. */
  readonly wasLost: boolean
}

/**
 * Runs what waits and then runs a command, and ends as the command ended, or by the signal that came before that. `run` gives how the command ended, or an exit code of its own.
 */
export async function guarded(run: (guard: Guard) => Promise<Ended | number>): Promise<number> {
  const guard = new Guard()
  let outcome: Ended | number | undefined
  try {
    outcome = await run(guard)
  } catch (error) {
    if (guard.stopped === undefined) throw error
  } finally {
    guard.leave()
  }
  if (typeof outcome === 'number') return outcome
  const signal = outcome ? outcome.signal : guard.stopped
  return signal === undefined ? outcome!.code : endBy(signal)
}

/** Signals end waiting while nothing runs, and go to the command while it does. */
export class Guard {
  private readonly stop = new AbortController()
  /** Aborted by the first signal that comes while nothing runs. */
  readonly signal = this.stop.signal
  stopped: NodeJS.Signals | undefined
  private send: ((signal: NodeJS.Signals) => void) | undefined
  private readonly handlers = handed.map(signal => [signal, () => this.take(signal)] as const)

  constructor() {
    for (const [signal, handle] of this.handlers) process.on(signal, handle)
  }

  /**
   * Runs the command with this process's streams. When `lost` is aborted it is told to end, and made to after the grace; where its input is no terminal, with all that it has started.
   *
   * @throws CommandError when it cannot be started
   */
  async run(
    words: readonly string[],
    env: NodeJS.ProcessEnv,
    { command, lost, graceMs }: { command: string; lost: AbortSignal; graceMs: number },
  ): Promise<Ended> {
    const [file, ...args] = [...diesWithParent(), ...words]
    // At a terminal Ctrl-C goes to the group in front, which the command must then be of.
    const ownsGroup = process.platform !== 'win32' && !process.stdin.isTTY
    const child = spawn(file, args, { stdio: 'inherit', env, detached: ownsGroup })
    const shared: readonly string[] = ownsGroup ? [] : ['SIGINT', 'SIGQUIT']
    this.send = signal => {
      if (!shared.includes(signal)) kill(child, signal, ownsGroup)
    }
    let wasLost = false
    let grace: NodeJS.Timeout | undefined
    const end = (): void => {
      wasLost = true
      kill(child, 'SIGTERM', ownsGroup)
      grace = setTimeout(() => kill(child, 'SIGKILL', ownsGroup), graceMs)
    }
    try {
      return await new Promise<Ended>((done, fail) => {
        child.on('error', cause => {
          fail(new CommandError(command, `${words[0]} cannot be started: ${cause.message}`, { cause }))
        })
        child.on('exit', (code, signal) => {
          // What it has started ends with it, if the time is over.
          if (wasLost) kill(child, 'SIGKILL', ownsGroup)
          done({ code: code ?? exitCode.failed, signal: signal ?? undefined, wasLost })
        })
        if (lost.aborted) end()
        else lost.addEventListener('abort', end, { once: true })
      })
    } finally {
      lost.removeEventListener('abort', end)
      clearTimeout(grace)
      this.send = undefined
    }
  }

  /** Signals are this process's own again. */
  leave(): void {
    for (const [signal, handle] of this.handlers) process.off(signal, handle)
  }

  private take(signal: NodeJS.Signals): void {
    if (this.send) return this.send(signal)
    this.stopped ??= signal
    this.stop.abort(new Error(`${signal} came`))
  }
}

function kill(child: ChildProcess, signal: NodeJS.Signals, group: boolean): void {
  try {
    if (group && child.pid !== undefined) process.kill(-child.pid, signal)
    else child.kill(signal)
  } catch {
    // It has ended.
  }
}

/** Before anything is waited for. @throws UsageError */
export function checkProgram(command: string, word: string | undefined): void {
  if (word === undefined)
    throw new UsageError(command, `what to run stands behind --, as: skein ${command} name -- node main.ts`)
  const isThere = /[/\\]/.test(word) ? existsSync(word) : findProgram([word]) !== undefined
  if (!isThere)
    throw new UsageError(
      command,
      `there is no program ${word}. Look at its spelling and PATH; words of the shell need one: -- sh -c '…'`,
    )
}
