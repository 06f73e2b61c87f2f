// `npm run fuzz -- rpc <seconds> [seed]`: hostile peers until the time is over. A seed that fails is printed.
import { trial } from './trial.ts'

/** Returns the status of the process. */
export const main = async (given: string[]): Promise<number> => {
  const [seconds, first] = [Number(given[0] ?? 60), Number(given[1] ?? Date.now() % 1e9)]
  if (!(seconds > 0) || !Number.isSafeInteger(first)) {
    console.error('npm run fuzz -- rpc <seconds> [seed]: seconds is a positive number, seed a whole one')
    return 2
  }
  console.log(`fuzz: rpc, seed ${first}, ${seconds} s`)
  let seed = first
  // What nobody waits for fails the trial during which it is told.
  process.on('unhandledRejection', error => {
    console.error(`seed ${seed}: a rejection that nobody heard:`, error)
    process.exit(1)
  })
  const counts = { ended: 0, 'went on': 0 }
  const until = performance.now() + seconds * 1000
  for (; performance.now() < until; seed++) {
    try {
      counts[await trial(seed)]++
    } catch (error) {
      console.error(`seed ${seed}:`, error, `\nagain with: npm run fuzz -- rpc 1 ${seed}`)
      return 1
    }
  }
  console.log(`${counts.ended} sessions ended with an error that has a name, ${counts['went on']} went on`)
  return 0
}
