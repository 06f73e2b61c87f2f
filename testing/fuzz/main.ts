/**
 * `npm run fuzz -- <seconds> [seed]`: random kernels, as source text and as IR, on every backend until the time is over. What
 * disagrees is shrunk and printed with its seed; then the process ends with status 1.
 */
import { Choices, shrink } from './choices.ts'
import { judge, randomTrial, show } from './trial.ts'

// More threads than a small machine has cores: they meet in more orders.
process.env.SKEIN_THREADS ??= '4'

const seconds = Number(process.argv[2] ?? 60)
const seed = Number(process.argv[3] ?? Date.now() % 1e9)
if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
  console.error('npm run fuzz -- <seconds> [seed]: seconds is a positive number, seed a whole one')
  process.exit(2)
}
console.log(`fuzz: seed ${seed}, ${seconds} s, ${process.env.SKEIN_HEAP ?? 'default heap'}`)

const until = performance.now() + seconds * 1000

/** What is wrong with the trial of these choices, or nothing. */
async function fault(
  from: number | readonly number[],
): Promise<{ made: readonly number[]; fault: string | undefined; text: string }> {
  const c = new Choices(from)
  const trial = randomTrial(c)
  let found: string | undefined
  try {
    found = await judge(trial)
  } catch (e) {
    found = `throws ${e instanceof Error ? (e.stack ?? e.message) : String(e)}`
  }
  return { made: c.made, fault: found, text: show(trial) }
}

/** Shrinking keeps to the same kind of fault: what threw still throws, what differed still differs. */
const kindOf = (fault: string): string =>
  /^throws/.test(fault)
    ? fault
        .split('\n')[0]
        .replace(/\d+|'.*?'/g, '')
        .slice(0, 50)
    : fault.slice(0, 9)

let count = 0
for (let s = seed; performance.now() < until; s++) {
  const first = await fault(s)
  count++
  if (!first.fault) continue
  const kind = kindOf(first.fault)
  console.log(`seed ${s}: ${first.fault}\nshrinking …`)
  const simplest = await shrink(
    first.made,
    async choices => {
      const r = await fault(choices)
      return r.fault && kindOf(r.fault) === kind ? r.made : undefined
    },
    performance.now() + 60_000,
  )
  const r = await fault(simplest)
  console.log(`\n${r.text}\n\n${r.fault}\nafter ${count} kernels; again with: npm run fuzz -- 1 ${s}`)
  process.exit(1)
}
console.log(`${count} kernels agree`)
process.exit(0)
