/**
 * From the words of a type annotation to an argument of that type: arrays without elements, and numbers. The compiler reads
 * nothing of an argument but its type, so these stand for any data.
 *
 * Only types that a kernel can take are understood. Of a union the first member that is one counts.
 */

/** What an argument is, as far as the compiler asks. */
export type ArgumentType =
  | { readonly is: 'number' | 'integer' | 'bigint' | 'boolean' }
  | { readonly is: 'array'; readonly of: string }
  | { readonly is: 'view'; readonly of: string; readonly rank: number }

type ArrayClass = new (length: number) => ArrayBufferView

const arrayClass = (name: string): ArrayClass | undefined =>
  /^(?:(?:Int|Uint)(?:8|16|32)|Uint8Clamped|Float(?:16|32|64)|Big(?:Int|Uint)64)Array$/.test(name)
    ? (globalThis as unknown as Record<string, ArrayClass | undefined>)[name]
    : undefined

/**
 * Reads an annotation.
 *
 * @param aliasOf the right-hand side of `type Name = …` or the body of `interface Name`, if the file has one
 * @returns undefined where it is no type of a kernel's argument
 */
export function readType(
  text: string,
  aliasOf: (name: string) => string | undefined = () => undefined,
  depth = 0,
): ArgumentType | undefined {
  if (depth > 8) return undefined
  let type = text.trim()
  while (type.startsWith('(') && matching(type, 0) === type.length - 1) type = type.slice(1, -1).trim()
  for (const separator of ['|', '&']) {
    const members = split(type, separator)
    if (members.length > 1)
      return members.map(member => readType(member, aliasOf, depth + 1)).find(read => read !== undefined)
  }
  type = type.replace(/^readonly\s+/, '')
  if (type === 'number' || /^-?[\d.]/.test(type)) return { is: 'number' }
  if (type === 'integer') return { is: 'integer' }
  if (type === 'bigint') return { is: 'bigint' }
  if (/^(boolean|true|false)$/.test(type)) return { is: 'boolean' }
  if (type.startsWith('{')) return readView(type, aliasOf, depth)
  const [, name, rank, inner] = /^([\w$.]+)(?:@([1-9]))?\s*(?:<([\s\S]*)>)?$/.exec(type) ?? []
  if (name === undefined) return undefined
  if (arrayClass(name)) return rank ? { is: 'view', of: name, rank: Number(rank) } : { is: 'array', of: name }
  const alias = aliasOf(name)
  if (alias !== undefined) return readType(alias, aliasOf, depth + 1)
  // HeapArray<Float32Array>, Readonly<…>
  return inner === undefined ? undefined : readType(split(inner, ',')[0], aliasOf, depth + 1)
}

/** `{ data: Float32Array, shape: [number, number], strides: … }`; two dimensions where the tuple does not say. */
function readView(
  type: string,
  aliasOf: (name: string) => string | undefined,
  depth: number,
): ArgumentType | undefined {
  const body = type.slice(1, matching(type, 0))
  const members = [';', ',', '\n'].reduce((parts, separator) => parts.flatMap(part => split(part, separator)), [body])
  const member = (name: string) =>
    members
      .map(text => new RegExp(`^(?:readonly\\s+)?${name}\\??\\s*:([\\s\\S]*)$`).exec(text.trim())?.[1].trim())
      .find(Boolean)
  const data = readType(member('data') ?? '', aliasOf, depth + 1)
  if (data?.is !== 'array') return undefined
  const shape = /^(?:readonly\s*)?\[([\s\S]*)\]$/.exec(member('shape') ?? '')
  return { is: 'view', of: data.of, rank: shape ? split(shape[1], ',').filter(part => part.trim()).length : 2 }
}

/** Splits at a separator that stands outside all brackets. */
export function split(text: string, separator: string): string[] {
  const parts: string[] = []
  let depth = 0
  let begin = 0
  for (let i = 0; i < text.length; i++) {
    if ('([{<'.includes(text[i])) depth++
    else if (')]}'.includes(text[i]) || (text[i] === '>' && text[i - 1] !== '=')) depth--
    else if (text[i] === separator && depth === 0) {
      parts.push(text.slice(begin, i))
      begin = i + 1
    }
  }
  // A union may begin with its sign.
  return [...parts, text.slice(begin)].filter((part, i, all) => part.trim() !== '' || all.length === 1 || i > 0)
}

/** Where the bracket at `at` closes; the end of the text if it does not. */
export function matching(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if ('([{'.includes(text[i])) depth++
    else if (')]}'.includes(text[i]) && --depth === 0) return i
  }
  return text.length
}

/** An argument of the type. */
export function sample(type: ArgumentType): unknown {
  switch (type.is) {
    case 'number':
      return 0.5
    case 'integer':
      return 0
    case 'bigint':
      return 0n
    case 'boolean':
      return false
    case 'array':
      return new (arrayClass(type.of)!)(0)
    case 'view':
      return {
        data: new (arrayClass(type.of)!)(0),
        shape: new Array(type.rank).fill(0),
        strides: new Array(type.rank).fill(0),
      }
  }
}

/** The type as `--types` takes it. */
export const typeName = (type: ArgumentType): string =>
  type.is === 'array' ? type.of : type.is === 'view' ? `${type.of}@${type.rank}` : type.is
