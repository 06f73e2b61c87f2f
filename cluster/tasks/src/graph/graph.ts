/** Graphs of calls: written down first, then looked at, cut down to what is wanted, and run. */

import { ArgumentError } from '@skein/base'
import type { Lazy } from '../lazy.ts'
import { checkOutputs, namedOutputs, type Outputs, type ResultsOf } from './outputs.ts'
import { type PlannedTask, planOf } from './plan.ts'
import { printed } from './print.ts'
import { checkGraphOptions, type GraphOptions, GraphRun } from './run.ts'
import { drawn } from './svg.ts'

export interface PlanOptions {
  /** Whether a chain of calls, each needed by the next only, is one task. Default true. */
  readonly fuse?: boolean
}

export class Graph<O extends Outputs> {
  readonly outputs: O
  readonly #plans: { [fuse: string]: readonly PlannedTask[] } = {}

  constructor(outputs: O) {
    this.outputs = outputs
  }

  /** The tasks it runs as, each after those it needs. Calls that no output needs are not there. */
  plan({ fuse = true }: PlanOptions = {}): readonly PlannedTask[] {
    const names = new Map<Lazy<unknown>, string[]>()
    for (const [name, call] of namedOutputs(this.outputs)) names.set(call, [...(names.get(call) ?? []), name])
    this.#plans[String(fuse)] ??= planOf(names, fuse)
    return this.#plans[String(fuse)]
  }

  /** The part that these outputs need. @throws ArgumentError for a name it does not have */
  only<K extends keyof O & string>(...names: K[]): Graph<{ readonly [N in K]: O[N] } & Outputs> {
    const all = new Map(namedOutputs(this.outputs))
    const wrong = names.find(name => !all.has(name))
    if (wrong !== undefined || names.length === 0) {
      throw new ArgumentError('graph.only', 'names', `some of ${[...all.keys()].join(', ')}`, wrong)
    }
    return new Graph(Object.fromEntries(names.map(name => [name, all.get(name)!])) as never)
  }

  /**
   * Runs it and resolves to its results, in the shape of its outputs. When a task that an output needs fails, the rest is
   * cancelled.
   *
   * @throws (rejects with) what an output failed with; CancelledError; ArgumentError, NotCloneableError
   */
  async run(options: GraphOptions & PlanOptions = {}): Promise<ResultsOf<O>> {
    const run = this.#started('graph.run', options)
    try {
      return await run.results
    } catch (error) {
      run.cancel(error)
      throw error
    }
  }

  /**
   * Starts it and returns at once: references to its outputs, a promise of its results, and its progress.
   *
   *     const run = g.runAsync()
   *     for await (const { done, total } of run) show(done / total)
   *     const { total } = await run.results
   */
  runAsync(options: GraphOptions & PlanOptions = {}): GraphRun<O> {
    return this.#started('graph.runAsync', options)
  }

  #started(call: string, options: GraphOptions & PlanOptions): GraphRun<O> {
    checkGraphOptions(call, options)
    return new GraphRun(this.plan(options), this.outputs, options)
  }

  /** As text: a line for each task, `·` for the result of the call before it in a chain. */
  print(options?: PlanOptions): string {
    return printed(this.plan(options))
  }

  /** As a picture: a box for each task, arrows from what it needs. @throws (rejects with) ArgumentError above 2,000 tasks */
  toSVG(options?: PlanOptions): Promise<string> {
    return drawn(this.plan(options))
  }
}

/**
 * A graph of the calls that some outputs need. Calls are written with `t.lazy(…)` and start when the graph runs.
 *
 *     const a = load.lazy('a.csv')
 *     const g = graph({ rows: count.lazy(a), total: sum.lazy(a) })
 *     const { rows, total } = await g.run()
 *
 * @param outputs a call, an array of calls, or calls by name
 * @throws ArgumentError
 */
export function graph<const O extends Outputs>(outputs: O): Graph<O> {
  checkOutputs(outputs)
  return new Graph(outputs)
}
