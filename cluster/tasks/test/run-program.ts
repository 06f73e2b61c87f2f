/** Runs one of `programs/` in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Ran {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly args?: readonly string[]
  readonly flags?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** A program that runs; what it prints is gathered as it comes. */
export class Program {
  readonly process: ChildProcess
  readonly #ended: Promise<unknown[]>
  #stdout = ''
  #stderr = ''
  #wake = () => {}

  constructor(name: string, { args = [], flags = [], env = {} }: RunOptions = {}) {
    const path = fileURLToPath(new URL(`programs/${name}`, import.meta.url))
    this.process = spawn(process.execPath, [...flags, path, ...args], {
      env: { ...process.env, SKEIN_WORKERS: '2', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#ended = once(this.process, 'close').finally(() => this.#wake())
    this.process.stdout!.setEncoding('utf8').on('data', (piece: string) => {
      this.#stdout += piece
      this.#wake()
    })
    this.process.stderr!.setEncoding('utf8').on('data', (piece: string) => (this.#stderr += piece))
  }

  /** Until it has printed this. */
  async prints(text: string): Promise<void> {
    while (!this.#stdout.includes(text)) {
      if (this.process.exitCode !== null) throw new Error(`it ended without printing '${text}': ${this.#stderr}`)
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  async ends(): Promise<Ran> {
    await this.#ended
    const { exitCode: code, signalCode: signal } = this.process
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr }
  }
}

export const run = (name: string, options?: RunOptions): Promise<Ran> => new Program(name, options).ends()
