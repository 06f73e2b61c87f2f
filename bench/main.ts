/**
 * npm run bench -- <suite> [--only case] [--json] [--quick] [--threads 2] [--peers skein,C] [--baseline who]
 *
 * Measures Skein and its peers side by side in one run, prints a table, and keeps the figures in
 * bench/results/<suite>.json (not with --quick, whose sizes say nothing).
 */
import { parseArgs } from 'node:util'
import { fullEffort, quickEffort, runCase } from './harness/interleave.ts'
import { Peer } from './harness/peer.ts'
import { findMismatches, mergeRows, printRows, type Row, readRows, writeRows } from './harness/results.ts'
import { type BenchCase, caseId, launchOf, type Suite } from './harness/suite.ts'
import { caseTable, shoutMismatch, threeDigits } from './harness/table.ts'

const suites: Record<string, () => Promise<Suite>> = {
  kernels: async () => (await import('./kernels/suite.ts')).kernels,
  arrays: async () => (await import('./arrays/suite.ts')).arrays,
  'array-calls': async () => (await import('./array-calls/suite.ts')).arrayCalls,
  tasks: async () => (await import('./tasks/suite.ts')).tasks,
  native: async () => (await import('./native/suite.ts')).native,
  mpi: async () => (await import('./mpi/suite.ts')).mpi,
  coord: async () => (await import('./coord/suite.ts')).coord,
  rpc: async () => (await import('./rpc/suite.ts')).rpc,
}

const usage = `npm run bench -- <suite> [options]
  suites: ${Object.keys(suites).join(', ')}
  --only <case,…>     only these cases (name, or name_dtype)
  --peers <text,…>    only peers whose name contains one of these
  --threads <k>       threads, or ranks, of each parallel peer (2)
  --baseline <who>    whose time the last column divides by (Skein's)
  --rounds <k>        undisturbed measurements of each peer (9, native and rpc 5, arrays 7)
  --quick             small sizes, few rounds, nothing written: does it all run?
  --json              print the rows as JSON instead of tables
  --list              print the cases

npm run bench -- table [--check]    the tables of documents from the results; with --check only compares
npm run bench -- transactions [--check]    the tables of docs/transactions.md, in simulated time: the same everywhere`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    peers: { type: 'string' },
    threads: { type: 'string', default: '2' },
    baseline: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

function refuse(message: string): never {
  console.error(`${message}\n\n${usage}`)
  process.exit(2)
}

if (values.help) {
  console.log(usage)
  process.exit(0)
}
if (positionals[0] === 'table') {
  const { writeReadmeTable } = await import('./readme-table.ts')
  process.exit(writeReadmeTable(values.check) ? 0 : 1)
}
if (positionals[0] === 'transactions') {
  const { writeTables } = await import('./transactions/main.ts')
  process.exit((await writeTables(values.check)) ? 0 : 1)
}
const load = suites[positionals[0] ?? ''] ?? refuse(`Which suite? '${positionals[0] ?? ''}' is none.`)
const suite = await load()

const only = values.only?.split(',')
const cases = suite.cases.filter(c => !only || only.includes(c.name) || only.includes(caseId(c)))
if (cases.length === 0) refuse(`--only ${values.only} names no case. Cases: ${suite.cases.map(caseId).join(', ')}`)
if (values.list) {
  for (const c of cases) console.log(`${caseId(c).padEnd(24)} n = ${String(c.n).padStart(9)}  ${c.about}`)
  process.exit(0)
}
const threads = Number(values.threads)
if (!Number.isInteger(threads) || threads < 1) refuse(`--threads ${values.threads} is not a positive whole number.`)

const effort = values.quick ? { ...quickEffort } : { ...fullEffort, ...suite.effort }
if (values.rounds) effort.rounds = Math.max(1, Number(values.rounds))
const print = (text: string) => (values.json ? console.error(text) : console.log(text))
const progress = (text: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

const specs = suite
  .peers(threads)
  .filter(({ label, onlyIfNamed }) =>
    values.peers ? values.peers.split(',').some(p => label.includes(p)) : !onlyIfNamed,
  )
const peers: Peer[] = []
for (const spec of specs) {
  const launch = launchOf(spec)
  if ('absent' in launch) print(`without ${spec.label}: ${launch.absent}`)
  else peers.push(new Peer({ ...spec, launch }))
}
process.on('SIGINT', () => {
  for (const peer of peers) peer.kill()
  process.exit(130)
})

// The limit's case runs first, so that every later table that has bandwidths can show its share.
const needsLimit = cases.some(c => c.bytes)
const limitCase = needsLimit ? suite.cases.find(c => caseId(c) === suite.limit?.id) : undefined
const ordered = limitCase ? [limitCase, ...cases.filter(c => c !== limitCase)] : cases
const fresh: Row[] = []
let limit: number | undefined
let mismatches = 0
let failures = 0
print(`${suite.name}: ${threads} thread${threads > 1 ? 's' : ''} unless a row says otherwise\n`)
/** Kept case by case: a run that is cut short has measured something. */
const order = new Map(suite.cases.map((c, i) => [`${c.name} ${c.dtype}`, i]))
const place = (row: Row) => order.get(`${row.case} ${row.dtype}`) ?? order.size
const save = () =>
  writeRows(
    suite.name,
    mergeRows(readRows(suite.name), fresh).sort((a, b) => place(a) - place(b)),
  )
const takesPart = ({ spec }: Peer, benchCase: BenchCase) => spec.cases?.(benchCase) ?? true
for (const [index, benchCase] of ordered.entries()) {
  const n = values.quick ? benchCase.quick : benchCase.n
  const isLimit = benchCase === limitCase
  const entrants = peers.filter(p => (isLimit ? p.spec.label.startsWith(suite.limit!.who) : takesPart(p, benchCase)))
  const report = await runCase(suite.name, benchCase, n, entrants, effort, text =>
    progress(`${caseId(benchCase)}: ${text}`),
  )
  progress('')
  if (isLimit && report.rows.length > 0) {
    limit = Math.max(...report.rows.map(row => benchCase.bytes!(n) / row.seconds.median))
    print(`machine's limit (triad in C, best of ${report.rows.length}): ${threeDigits(limit / 1e9)} GB/s\n`)
  } else if (report.rows.length > 0) {
    print(
      caseTable(benchCase, report.rows, { own: suite.own, baseline: values.baseline, limit: benchCase.bytes && limit }),
    )
  }
  fresh.push(...report.rows)
  if (!values.quick && fresh.length > 0) save()
  failures += report.failed.length
  for (const text of report.failed) print(`  FAILED  ${text}`)
  for (const mismatch of findMismatches(report.rows, benchCase.tolerance, suite.isReference)) {
    mismatches++
    print(shoutMismatch(mismatch))
  }
  if (!isLimit) print('')
  const later = ordered.slice(index + 1)
  await Promise.all(peers.filter(p => !later.some(c => takesPart(p, c))).map(p => p.quit()))
}
await Promise.all(peers.map(peer => peer.quit()))

for (const line of suite.summary?.(fresh) ?? []) print(line)
for (const note of suite.notes) print(`- ${note}`)
if (values.json) process.stdout.write(printRows(fresh))
if (!values.quick && fresh.length > 0) print(`wrote bench/results/${suite.name}.json`)
if (mismatches) print(`!!! ${mismatches} checksum mismatch${mismatches > 1 ? 'es' : ''}`)
if (mismatches || failures) process.exitCode = 1
