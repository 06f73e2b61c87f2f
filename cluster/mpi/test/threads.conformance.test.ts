import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { conformance } from './conformance.ts'

const programs = join(import.meta.dirname, 'programs')

/** In a process of their own: threads that are ended in the middle of a call would take the tests with them. */
async function run(file: string, ranks: number) {
  const child = spawn(process.execPath, [join(programs, 'start.ts'), join(programs, file), String(ranks)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', piece => (stdout += piece))
  child.stderr.on('data', piece => (stderr += piece))
  const [code] = await once(child, 'close')
  return { code: code as number | null, stdout, stderr }
}

conformance({ name: 'threads', run })
