/** The literals of Python that headers of `.npy` files consist of: texts, whole numbers, `True`, `False`, `None`, tuples, lists, dictionaries with texts as keys. */

export type Literal = string | number | boolean | null | Literal[] | Map<string, Literal>

const token = /\s*(?:([{}[\](),:])|([bu]?'[^'\\]*'|[bu]?"[^"\\]*")|([+-]?\d+)L?|(True|False|None)\b)/y
/** Deeper than any dtype is. */
const deepest = 32

/** @throws SyntaxError that says what is wrong, and where */
export function parseLiteral(text: string): Literal {
  let at = 0
  let kind = 0
  let word = ''
  const fail = (expected: string): never => {
    throw new SyntaxError(`${expected} at character ${at}: ${JSON.stringify(text.slice(at, at + 20))}`)
  }
  const peek = (): string => {
    token.lastIndex = at
    const found = token.exec(text)
    kind = found ? found.findIndex((part, k) => k > 0 && part !== undefined) : 0
    word = found ? found[kind] : ''
    return word
  }
  const next = (): void => {
    at = token.lastIndex
  }
  const take = (mark: string): void => {
    if (peek() !== mark || kind !== 1) fail(`no '${mark}'`)
    next()
  }
  const list = (end: string, item: () => void): number => {
    let commas = 0
    while (peek() !== end) {
      item()
      if (peek() === end) break
      take(',')
      commas++
    }
    take(end)
    return commas
  }
  const value = (depth: number): Literal => {
    if (depth > deepest) fail(`more than ${deepest} levels`)
    const mark = peek()
    if (kind === 2) {
      next()
      return mark.slice(mark.search(/['"]/) + 1, -1)
    }
    if (kind === 3) {
      next()
      return Number(mark)
    }
    if (kind === 4) {
      next()
      return mark === 'None' ? null : mark === 'True'
    }
    if (mark === '(' || mark === '[') {
      next()
      const items: Literal[] = []
      const commas = list(mark === '(' ? ')' : ']', () => items.push(value(depth + 1)))
      // One in parentheses without a comma is itself.
      return mark === '(' && items.length === 1 && commas === 0 ? items[0] : items
    }
    if (mark !== '{') fail('no literal')
    next()
    const map = new Map<string, Literal>()
    list('}', () => {
      const key = value(depth + 1)
      if (typeof key !== 'string') return fail('a key that is no text')
      take(':')
      map.set(key, value(depth + 1))
    })
    return map
  }
  const result = value(0)
  if (text.slice(at).trim() !== '') fail('something more')
  return result
}
