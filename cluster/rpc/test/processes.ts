import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Starts a server in a process of its own. Whoever starts it kills it. */
export const startServer = async (...args: string[]): Promise<{ child: ChildProcess; address: string }> => {
  const child = fork(fileURLToPath(new URL('./server-process.ts', import.meta.url)), args)
  const [address] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the server ended with code ${code}`))),
  ])
  return { child, address }
}
