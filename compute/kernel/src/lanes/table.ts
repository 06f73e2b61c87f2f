/** Something about each value: by its id. Of what an `if` or `loop` gives by owner and number, for which several values may stand. */
import type { Value } from '../ir/ir.ts'

export class ValueTable<T> {
  private readonly values: (T | undefined)[]
  private readonly results: ((T | undefined)[] | undefined)[]

  constructor(from?: ValueTable<T>) {
    this.values = from ? [...from.values] : []
    this.results = from ? from.results.map(list => list && [...list]) : []
  }

  get(v: Value): T | undefined {
    return v.op === 'result' ? this.results[v.args[0].id]?.[v.attr] : this.values[v.id]
  }

  set(v: Value, x: T): void {
    if (v.op === 'result') this.setResult(v.args[0], v.attr, x)
    else this.values[v.id] = x
  }

  result(owner: Value, index: number): T | undefined {
    return this.results[owner.id]?.[index]
  }

  setResult(owner: Value, index: number, x: T): void {
    ;(this.results[owner.id] ??= [])[index] = x
  }
}
