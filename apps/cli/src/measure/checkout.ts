/** The project's benchmarks, where there are: in a checkout of Skein. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UsageError } from '../errors.ts'
import { become } from '../runtime.mjs'

/** The checkout around a folder. */
export function checkoutAbove(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = join(at, 'package.json')
    if (existsSync(manifest) && existsSync(join(at, 'bench', 'main.ts'))) {
      if (JSON.parse(readFileSync(manifest, 'utf8')).name === 'skein-house') return at
    }
    if (dirname(at) === at) return undefined
  }
}

/** Runs `npm run bench -- <suite> …` without npm. */
export function runSuite(
  suite: string,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const root = checkoutAbove(process.cwd())
  if (!root) {
    throw new UsageError(
      'bench',
      `the suite '${suite}' is measured in a checkout of Skein, and ${process.cwd()} is in none. Run \`skein bench\` without a suite, or clone the repository and run it there.`,
    )
  }
  const own = [
    ...(options.threads === undefined ? [] : ['--threads', String(options.threads)]),
    ...(options.json ? ['--json'] : []),
  ]
  return become(process.execPath, [join(root, 'scripts', 'setup.mjs'), 'bench', suite, ...own, ...args])
}
