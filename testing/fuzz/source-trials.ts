/** Random kernels from source text, one after the other; the first fault, shrunk and told. */
import { Choices, shrink } from './choices.ts'
import type { Compiled } from './machines.ts'
import { judge, randomTrial, show } from './trial.ts'

interface Judged {
  made: readonly number[]
  fault: string | undefined
  text: string
}

async function judged(from: number | readonly number[], backends: readonly Compiled[]): Promise<Judged> {
  const c = new Choices(from)
  const trial = randomTrial(c)
  let fault: string | undefined
  try {
    fault = await judge(trial, backends)
  } catch (e) {
    fault = `throws ${e instanceof Error ? (e.stack ?? e.message) : String(e)}`
  }
  return { made: c.made, fault, text: show(trial) }
}

/** Shrinking keeps to the same kind of fault: what threw still throws, what differed still differs. */
const kindOf = (fault: string): string =>
  fault.startsWith('throws')
    ? fault
        .split('\n')[0]
        .replace(/\d+|'.*?'/g, '')
        .slice(0, 50)
    : fault.slice(0, 9)

/**
 * What is wrong with the kernel of this seed, with the simplest kernel found that has the same fault.
 * @param shrinkMs how long to look for it
 * @param backends that are compared with the reference
 */
export async function judgeSource(
  seed: number,
  shrinkMs: number,
  backends: readonly Compiled[],
): Promise<string | undefined> {
  const first = await judged(seed, backends)
  if (!first.fault) return undefined
  const kind = kindOf(first.fault)
  const simplest = await shrink(
    first.made,
    async choices => {
      const r = await judged(choices, backends)
      return r.fault && kindOf(r.fault) === kind ? r.made : undefined
    },
    performance.now() + shrinkMs,
  )
  const r = await judged(simplest, backends)
  return `${first.fault.split('\n')[0]}\nthe simplest kernel with this fault:\n\n${r.text}\n\n${r.fault}`
}
