/** Asking another program something, with a limit on its time. */

import { nodeModule } from './node.ts'

export interface ProgramAnswer {
  /** Exit status; null if it could not be started, was killed or took too long. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
}

const outputLimitBytes = 2 ** 20

/** Runs a program to its end, or kills it at the limit. Never rejects. */
export const runProgram = (file: string, args: readonly string[], timeoutMs: number): Promise<ProgramAnswer> =>
  new Promise(resolve => {
    const childProcess = nodeModule<typeof import('node:child_process')>('node:child_process')
    if (!childProcess) {
      resolve({ status: null, stdout: '', stderr: '', timedOut: false })
      return
    }
    const options = {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: outputLimitBytes,
      windowsHide: true,
    } as const
    try {
      const child = childProcess.execFile(file, args, { ...options, encoding: 'utf8' }, (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : null
        resolve({ status, stdout, stderr, timedOut: error !== null && error.killed === true })
      })
      child.stdin?.on('error', () => {}).end()
    } catch {
      // execFile throws for what it cannot even try (a name with a null byte).
      resolve({ status: null, stdout: '', stderr: '', timedOut: false })
    }
  })
