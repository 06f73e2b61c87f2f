/** Starting the command as a user does: a process of its own, nothing of a terminal. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export const bin = fileURLToPath(new URL('../../../skein/src/bin.mjs', import.meta.url))
export const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))

/** What every colour begins with. */
export const escapeCode = String.fromCharCode(27)

export interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

interface Setting {
  env?: Record<string, string>
  cwd?: string
  input?: string | Uint8Array
  node?: string
}

/** Without what the terminal or CI around the tests wants of colours and threads. */
export function plainEnvironment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const { FORCE_COLOR, NO_COLOR, SKEIN_DEBUG, SKEIN_THREADS, SKEIN_HEAP_MAX, NODE_TEST_CONTEXT, ...env } = process.env
  return { ...env, ...more }
}

export function skein(args: string[], { env, cwd, input, node = process.execPath }: Setting = {}): Ended {
  const { status, stdout, stderr } = spawnSync(node, [bin, ...args], {
    env: plainEnvironment(env),
    cwd,
    input,
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 2 ** 28,
  })
  return { status, stdout, stderr }
}

/** Starts the command and waits until it has printed a line. */
export async function started(
  args: string[],
): Promise<{ child: ChildProcess; line: string; ended: Promise<[number | null, string | null]> }> {
  const child = spawn(process.execPath, [bin, ...args], {
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>
  const [chunk] = await once(child.stdout!, 'data')
  return { child, line: String(chunk).trim(), ended }
}
