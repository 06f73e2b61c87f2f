/** Texts of packed bytes. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of Latin-1
const latin1Text = /^[\u0000-\u00ff]*$/
export const isLatin1 = (s: string): boolean => latin1Text.test(s)

const char = String.fromCharCode

/** Characters up to which a call into Node costs more than reading them here. */
export const mostInline = 12

/** Up to `mostInline` Latin-1 characters, in one piece: a sum of strings would have to be joined later. */
export function inlineText(b: Uint8Array, i: number, length: number): string {
  switch (length) {
    case 0:
      return ''
    case 1:
      return char(b[i])
    case 2:
      return char(b[i], b[i + 1])
    case 3:
      return char(b[i], b[i + 1], b[i + 2])
    case 4:
      return char(b[i], b[i + 1], b[i + 2], b[i + 3])
    case 5:
      return char(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4])
    case 6:
      return char(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5])
    case 7:
      return char(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6])
    case 8:
      return char(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7])
  }
  // Sums of less than 13 characters are in one piece.
  return inlineText(b, i, 8) + inlineText(b, i + 8, length - 8)
}

/**
 * Keys that were read lately, by a hash of their bytes: nearly every key comes again, and one that was a key before is found at once when it is
 * used as one. A key has one place; what hashes to it next takes it.
 */
const placeBits = 10
const places = 1 << placeBits
const width = 32
const keys: string[] = new Array(places).fill('')
const codes = new Uint8Array(places * width)

/** @param length below `width` */
export function keyText(bytes: Uint8Array, at: number, length: number): string {
  let hash = length
  for (let i = 0; i < length; i++) hash = Math.imul(hash, 31) + bytes[at + i]
  // The upper bits of the product depend on all of the hash (Knuth, The Art of Computer Programming, 6.4).
  const place = Math.imul(hash, 0x9e3779b1) >>> (32 - placeBits)
  const key = keys[place]
  const from = place * width
  if (key.length === length) {
    let i = 0
    while (i < length && codes[from + i] === bytes[at + i]) i++
    if (i === length) return key
  }
  let text = ''
  for (let i = 0; i < length; i++) {
    const code = bytes[at + i]
    codes[from + i] = code
    text += char(code)
  }
  // As the engine keeps keys: one string of each.
  return (keys[place] = Object.keys({ [text]: 0 })[0])
}
