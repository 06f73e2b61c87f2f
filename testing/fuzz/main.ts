/**
 * `npm run fuzz -- <seconds> [seed]`: random kernels, as source text and as IR, on every backend until the time is over. What
 * disagrees is shrunk and printed with its seed; then the process ends with status 1. The same seed gives the same kernels.
 * `npm run fuzz -- mpi …`: random programs of message passing (cluster/mpi/test/campaign/main.ts).
 * `npm run fuzz -- rpc <seconds> [seed]`: hostile peers (cluster/rpc/test/fuzz/main.ts).
 * `npm run fuzz -- coord …`: stores and what is built on them, with all that fails around them (cluster/coord/test/campaign/main.ts).
 */
import { judgeIR } from './ir-trial.ts'
import { compiledHere } from './machines.ts'
import { judgeSource } from './source-trials.ts'

if (process.argv[2] === 'mpi') {
  const { main } = await import('../../cluster/mpi/test/campaign/main.ts')
  process.exit(await main(process.argv.slice(3)))
}

if (process.argv[2] === 'rpc') {
  const { main } = await import('../../cluster/rpc/test/fuzz/main.ts')
  process.exit(await main(process.argv.slice(3)))
}

if (process.argv[2] === 'coord') {
  const { main } = await import('../../cluster/coord/test/campaign/main.ts')
  process.exit(await main(process.argv.slice(3)))
}

// More threads than a small machine has cores: they meet in more orders.
process.env.SKEIN_THREADS ??= '4'
// Random kernels are of no use to anyone later.
process.env.SKEIN_CACHE ??= 'off'

const seconds = Number(process.argv[2] ?? 60)
const seed = Number(process.argv[3] ?? Date.now() % 1e9)
if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
  console.error('npm run fuzz -- <seconds> [seed]: seconds is a positive number, seed a whole one')
  process.exit(2)
}
const backends = compiledHere()
console.log(
  `fuzz: seed ${seed}, ${seconds} s, ${backends.join(' and ')}, ${process.env.SKEIN_HEAP ?? 'the default heap'}`,
)

const told = (e: unknown): string => `throws ${e instanceof Error ? (e.stack ?? e.message) : String(e)}`
const until = performance.now() + seconds * 1000
let [kernels, irs] = [0, 0]
let s = seed
do {
  let fault = await judgeSource(s, 60_000, backends)
  kernels++
  if (!fault) {
    const found = await judgeIR(s, backends).catch(told)
    if (found !== 'skipped') {
      irs++
      fault = found && `IR: ${found}`
    }
  }
  if (fault) {
    console.log(`seed ${s}: ${fault}\n\nafter ${kernels} kernels; again with: npm run fuzz -- 1 ${s}`)
    process.exit(1)
  }
  s++
} while (performance.now() < until)
console.log(`${kernels} kernels from source and ${irs} of the IR agree`)
process.exit(0)
