// `npm test [-- [--name=<pattern>] [--timeout=<seconds>] <path or pattern>…]`
//
// Types, lint, format and arrows, then every `*.test.ts`; with a path or a pattern only the files whose path contains
// it, and no checks. The last line is always `N passed, N failed, N skipped`. No test at all is a failure.
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, matchesGlob } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { floors, outside } from '../testing/src/arrows.ts'
import { runFiles } from '../testing/src/runner.ts'
import { check, steps } from './check.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string' },
    timeout: { type: 'string', default: '300' },
    root: { type: 'string', default: join(import.meta.dirname, '..') },
  },
})
const root = values.root

/** Every test file, lower floors first, so that what breaks first is nearest to the cause. */
function testFiles(): string[] {
  const order = [...Object.keys(floors), ...outside]
  const rank = (file: string) => (order.indexOf(file.split(/[\\/]/)[0]) + order.length + 1) % (order.length + 1)
  return globSync('**/*.test.ts', { cwd: root, exclude: ['**/node_modules', '**/build', '**/fixtures'] })
    .filter(file => positionals.length === 0 || positionals.some(p => file.includes(p) || matchesGlob(file, p)))
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
}

// Tests leave nothing in the user's cache; those of the cache say where theirs is.
process.env.SKEIN_CACHE ??= 'off'

const files = testFiles()
const filtered = positionals.length > 0 || values.name !== undefined
const broken = filtered ? [] : await check()
const checked = filtered ? 0 : steps.length - broken.length
if (filtered) console.log(`only ${files.length} files that match, without types, lint, format and arrows`)

const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
// Every run() listens for the process' end; there is one for each file.
process.setMaxListeners(0)
const tally = await runFiles({
  root,
  files: files.map(file => join(root, file)),
  // Tests of threads want cores of their own, and tests that wait want company: two files at a time, on big machines more.
  concurrency: Math.max(2, availableParallelism() >> 2),
  fileTimeoutMs: Number(values.timeout) * 1000,
  namePattern: values.name,
  signal: stop.signal,
  write: text => process.stdout.write(text),
  terminal: process.stdout.isTTY === true && !process.env.CI,
})

const failures = [...broken, ...tally.failures]
const executed = tally.passed + tally.failures.length
if (executed === 0 && tally.skips.length === 0 && filtered)
  failures.push(`no test matches ${positionals.join(' ') || values.name}`)
else if (executed === 0 && !filtered) failures.push('not one test was run')
if (stop.signal.aborted) failures.push('the run was stopped by SIGTERM')
const slow = tally.seconds.filter(({ seconds }) => seconds > 10).sort((a, b) => b.seconds - a.seconds)
if (slow.length > 0)
  console.log(
    `slow files: ${slow
      .slice(0, 8)
      .map(({ file, seconds }) => `${file} ${seconds.toFixed(0)} s`)
      .join(', ')}`,
  )
if (tally.skips.length > 0) console.log('skipped:')
for (const [reason, skips] of Map.groupBy(tally.skips, ({ reason }) => reason)) {
  console.log(`  ${reason}`)
  for (const { test } of skips) console.log(styleText('dim', `    ${test}`))
}
if (failures.length > 0) console.log(`failed:\n${failures.map(failure => `  ${failure}`).join('\n')}`)
console.log(`${tally.passed + checked} passed, ${failures.length} failed, ${tally.skips.length} skipped`)
// Not exitCode: nothing a test file left behind may keep the answer waiting.
process.exit(failures.length > 0 ? 1 : 0)
