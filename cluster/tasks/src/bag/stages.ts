/** A bag's tasks as those see them who look: a box for each stage, all partitions together. */

import { type BoxCounts, Fates, type GraphOutline, type GraphUnderWay } from '../observe/graphs.ts'
import type { Ref } from '../ref.ts'

export class Stages implements GraphUnderWay {
  readonly title = 'bag'
  readonly fates = new Fates()
  readonly #labels: string[] = []
  readonly #boxOf: number[] = []
  readonly #boxes = new Map<string, number>()
  /** Each from and to, as `from to`. */
  readonly #arrows = new Set<string>()
  readonly #stageOf = new WeakMap<Ref<unknown>, number>()

  get version(): number {
    return this.#labels.length + this.#arrows.size
  }

  /** @param after what it reads: of many that were started together, one */
  begin(name: string, ref: Ref<unknown>, after: readonly Ref<unknown>[]): number {
    const before = [...new Set(after.map(one => this.#stageOf.get(one)).filter(stage => stage !== undefined))]
    // The same steps after other stages are another stage: a join of a bag with itself, combining in rounds.
    const kind = `${before.join()} ${name}`
    let stage = this.#boxes.get(kind)
    if (stage === undefined) {
      this.#boxes.set(kind, (stage = this.#labels.push(name) - 1))
      for (const from of before) this.#arrows.add(`${from} ${stage}`)
    }
    this.#stageOf.set(ref, stage)
    this.#boxOf.push(stage)
    return this.fates.begin(ref.source.id)
  }

  outline(): GraphOutline {
    const boxes = this.#labels.map(label => ({ label, task: 0 }))
    const arrows = [...this.#arrows].map(arrow => arrow.split(' ').map(Number) as [number, number])
    return { boxes, arrows }
  }

  counts(running: ReadonlySet<number>): BoxCounts[] {
    return this.fates.counts(this.#boxOf, this.#labels.length, running)
  }
}
