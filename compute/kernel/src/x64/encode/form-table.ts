/** Forms by mnemonic. A line is read when its mnemonic is first asked for: there are many hundreds, and a program uses some dozens. */
export class FormTable<Form> {
  readonly #lines = new Map<string, string[]>()
  readonly #forms = new Map<string, readonly Form[]>()
  readonly #read: (line: string) => Form

  /** @param lines each begins with its mnemonic and a space */
  constructor(lines: readonly string[], read: (line: string) => Form) {
    this.#read = read
    for (const line of lines) {
      const name = line.slice(0, line.indexOf(' '))
      const known = this.#lines.get(name)
      if (known === undefined) this.#lines.set(name, [line])
      else known.push(line)
    }
  }

  /** In the order of their lines. */
  get(name: string): readonly Form[] | undefined {
    let found = this.#forms.get(name)
    if (found === undefined) {
      const lines = this.#lines.get(name)
      if (lines === undefined) return undefined
      this.#forms.set(name, (found = lines.map(this.#read)))
    }
    return found
  }

  all(): Form[] {
    return [...this.#lines.keys()].flatMap(name => this.get(name)!)
  }
}
