// `npm run check`: the fast part of `npm test`. Types, lint and format, arrows; each prints what it found and how long
// it took, and all of them run even when one fails, so that a single run shows everything there is to mend.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { arrowsOfRepository } from '../testing/src/arrows.ts'

const root = join(import.meta.dirname, '..')

/** Runs a JavaScript command of node_modules on this Node; its output is kept and returned. */
function runTool(script: string, args: string[]): Promise<{ ok: boolean; text: string }> {
  const { promise, resolve } = Promise.withResolvers<{ ok: boolean; text: string }>()
  const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
  const child = spawn(process.execPath, [join(root, 'node_modules', script), ...args], {
    cwd: root,
    env: { ...process.env, ...color },
  })
  let text = ''
  child.stdout.on('data', chunk => (text += chunk))
  child.stderr.on('data', chunk => (text += chunk))
  child.on('close', code => resolve({ ok: code === 0, text }))
  return promise
}

export const steps: [name: string, run: () => Promise<{ ok: boolean; text: string }>][] = [
  [
    'types',
    () => runTool('typescript/bin/tsc', ['-p', 'tsconfig.json', '--pretty', String(Boolean(process.stdout.isTTY))]),
  ],
  ['lint and format', () => runTool('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.'])],
  [
    'arrows',
    async () => {
      const broken = arrowsOfRepository(root)
      return { ok: broken.length === 0, text: broken.join('\n') }
    },
  ],
]

/** Runs every step, prints one line each, and the findings below it; returns the names of the steps that failed. */
export async function check(): Promise<string[]> {
  const failed: string[] = []
  for (const [name, run] of steps) {
    const started = performance.now()
    const { ok, text } = await run()
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`${ok ? styleText('green', '✔') : styleText('red', '✖')} ${name} (${seconds} s)`)
    if (ok) continue
    console.log(text.trim().replace(/^/gm, '  '))
    failed.push(name)
  }
  return failed
}

if (import.meta.main) {
  const failed = await check()
  if (failed.length > 0) console.log(`check failed: ${failed.join(', ')}`)
  process.exitCode = failed.length > 0 ? 1 : 0
}
