/** One random kernel of the IR and its launches, on the reference backend and on those that compile. */
import { Random } from '@skein/base'
import type { BackendOptions, Outcome } from '../../compute/kernel/src/backend.ts'
import { optimise } from '../../compute/kernel/src/compile.ts'
import { hasEffects } from '../../compute/kernel/src/ir/ir.ts'
import { printIR } from '../../compute/kernel/src/ir/print.ts'
import { reference } from '../../compute/kernel/src/reference/index.ts'
import { randomKernel } from '../../compute/kernel/test/random-ir.ts'
import { difference } from '../../compute/kernel/test/random-values.ts'
import { backendOf, type Compiled, canRun, MACHINES, optionsOf, told as toldMachine } from './machines.ts'

/** What is wrong with the kernel of this seed; 'skipped' when it is none that a front end makes. */
export async function judgeIR(seed: number, backends: readonly Compiled[]): Promise<string | undefined> {
  const random = new Random(seed, 77)
  const failing = random.integer(0, 5) === 0
  const k = randomKernel(seed, { failing })
  // A scan runs its body more than once: the front end refuses effects in it.
  if (k.combination?.kind === 'scan' && hasEffects(k.ir.body)) return 'skipped'
  const options: BackendOptions = { fast: false, unsafe: false, source: [] }
  const ir = optimise(k.ir, options)
  const combination = k.combination && { ...k.combination, combine: optimise(k.combination.combine, options) }
  // A pass may drop an access whose value nobody uses, and with it its failure: then both run what the passes left.
  const slow = failing ? reference.compile(ir, combination, options) : reference.compile(k.ir, k.combination, options)
  for (const backend of ['wasm', 'x64'] as const) {
    const lanes = [undefined, 1, 4, 8, 16, 32][random.integer(0, 6)]
    const machines = MACHINES[backend]
    const machine = machines[random.integer(0, machines.length)]
    const ways = [false, true].map(async => ({
      async,
      threads: random.integer(1, 5),
      schedule: (['static', 'dynamic', 'guided', 'auto'] as const)[random.integer(0, 4)],
      chunk: [undefined, 1, 3, 17][random.integer(0, 4)],
    }))
    if (!backends.includes(backend) || !canRun(machine)) continue
    const extra = { ...options, lanes, worthCopies: 0 }
    const fast = backendOf(machine).compile(ir, combination, optionsOf(machine, extra))
    try {
      for (const { async, ...how } of ways) {
        const [a, b] = [k.makeLaunch(seed), { ...k.makeLaunch(seed), ...how }]
        const x = slow.run(a)
        const y = async ? await fast.runAsync(b) : fast.run(b)
        const d =
          'failure' in x !== 'failure' in y
            ? `${told(y)}, not ${told(x)}`
            : 'failure' in x || 'failure' in y
              ? undefined
              : Object.is(x.value, y.value)
                ? difference(k.ir, a, b)
                : `gives ${String(y.value)}, not ${String(x.value)}`
        if (d)
          return `${toldMachine(machine)}: ${d} (${JSON.stringify({ lanes: lanes ?? 'chosen', async, ...how })})\n${printIR(k.ir)}`
      }
    } finally {
      fast.dispose()
    }
  }
  return undefined
}

const told = (o: Outcome): string => ('failure' in o ? `fails at site ${o.failure.site}` : 'ends well')
