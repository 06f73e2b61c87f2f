import type { DecodedFunction, DecodedModule } from './decode.ts'

/** Names by index, of functions and of the locals of functions. */
export interface GivenNames {
  readonly functions?: ReadonlyMap<number, string>
  readonly locals?: ReadonlyMap<number, ReadonlyMap<number, string>>
}

/** What things are called: by the name section or the given names, else by number; no two locals alike. */
export class Names {
  readonly #functions = new Map<number, string>()
  readonly #locals = new Map<number, string[]>()

  /** @param given replaces the module's own names */
  constructor(module: DecodedModule, { functions = new Map(), locals = new Map() }: GivenNames = {}) {
    for (const [index, name] of [...module.functionNames, ...functions]) this.#functions.set(index, name)
    for (const f of module.functions) {
      const known = new Map([...(module.localNames.get(f.index) ?? []), ...(locals.get(f.index) ?? [])])
      const taken = new Set<string>()
      const own = f.locals.map((_, index) => {
        let name = known.get(index) ?? `${index}`
        if (taken.has(name)) name += `.${index}`
        taken.add(name)
        return `$${name}`
      })
      this.#locals.set(f.index, own)
    }
  }

  function(index: number): string {
    return `$${this.#functions.get(index) ?? index}`
  }

  local(f: DecodedFunction, local: number): string {
    return this.#locals.get(f.index)?.[local] ?? `$${local}`
  }
}
