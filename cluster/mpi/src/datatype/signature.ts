/**
 * Type signatures: the sequence of kinds of a message, without where they lay (MPI-4.0, 3.3.1 and 5.1.11). What is sent may be
 * received as a type whose sequence, repeated, begins with it. A sequence is kept as its root, the shortest one that it repeats; so
 * ten numbers, five pairs of numbers and a matrix of them have the same root, and its hash is the signature that travels.
 */

import { codesEnd, type Kind, kindOfCode, kinds } from './kinds.ts'

/** A sequence of kinds that repeats no shorter one, as runs: `counts[i]` times the kind of code `codes[i]`. */
export interface Root {
  readonly codes: readonly number[]
  readonly counts: readonly number[]
  /** Basic elements, and their bytes. */
  readonly basics: number
  readonly bytes: number
  /** Equal for equal roots; the code of a kind for a root of one; 0 if it goes with any, since there are bytes in it. */
  readonly signature: number
}

const isAny = (code: number): boolean => code === kinds.byte.code || code === kinds.packed.code

const signatureOf = (codes: readonly number[], counts: readonly number[]): number => {
  if (codes.length === 0 || codes.some(isAny)) return 0
  if (codes.length === 1) return codes[0]
  let hash = 0x811c9dc5
  const mix = (word: number) => {
    hash = Math.imul(hash ^ word, 0x01000193)
    hash ^= hash >>> 15
  }
  for (let i = 0; i < codes.length; i++) {
    mix(codes[i])
    mix(counts[i])
    mix(counts[i] / 2 ** 32)
  }
  return codesEnd + ((hash >>> 0) % (2 ** 31 - codesEnd))
}

const makeRoot = (codes: readonly number[], counts: readonly number[]): Root => {
  let basics = 0
  let bytes = 0
  for (let i = 0; i < codes.length; i++) {
    basics += counts[i]
    bytes += counts[i] * kinds[kindOfCode(codes[i])].size
  }
  return { codes, counts, basics, bytes, signature: signatureOf(codes, counts) }
}

export const noRoot = makeRoot([], [])

const singles = new Map<number, Root>()

const single = (code: number): Root => {
  let root = singles.get(code)
  if (root === undefined) singles.set(code, (root = makeRoot([code], [1])))
  return root
}

/** Of a basic kind; of a pair that of the structure it stands for. */
export const rootOf = (kind: Kind): Root => {
  const { code, pair } = kinds[kind]
  if (pair === undefined) return single(code)
  return rootOfAll([
    { root: single(kinds[pair.value].code), times: 1 },
    { root: single(kinds[pair.index].code), times: 1 },
  ])
}

/** The least p that the runs repeat after, dividing their number (Knuth, Morris and Pratt's failure function). */
const period = (codes: readonly number[], counts: readonly number[]): number => {
  const n = codes.length
  const failure = new Int32Array(n + 1)
  failure[0] = -1
  for (let i = 0, k = -1; i < n; failure[++i] = ++k)
    while (k >= 0 && (codes[k] !== codes[i] || counts[k] !== counts[i])) k = failure[k]
  const p = n - failure[n]
  return n % p === 0 ? p : n
}

/** The first `basics` of runs. */
const firstOf = (codes: readonly number[], counts: readonly number[], basics: number): Root => {
  const cut: number[] = []
  let left = basics
  for (let i = 0; left > 0; i++) {
    cut.push(Math.min(left, counts[i]))
    left -= cut[i]
  }
  return makeRoot(codes.slice(0, cut.length), cut)
}

/** Of sequences one after another, each so many times its root. */
export const rootOfAll = (parts: readonly { readonly root: Root; readonly times: number }[]): Root => {
  const codes: number[] = []
  const counts: number[] = []
  let basics = 0
  const add = (code: number, count: number) => {
    basics += count
    if (codes[codes.length - 1] === code) counts[counts.length - 1] += count
    else {
      codes.push(code)
      counts.push(count)
    }
  }
  for (const { root, times } of parts) {
    if (root.codes.length === 1) add(root.codes[0], times * root.counts[0])
    else for (let t = 0; t < times; t++) for (let i = 0; i < root.codes.length; i++) add(root.codes[i], root.counts[i])
  }
  if (codes.length === 0) return noRoot
  if (codes.length === 1) return single(codes[0])
  // A sequence repeats one of length L exactly if each rotation of it does, so one that begins and ends with the same kind may
  // be turned until it does not; then what repeats are whole runs.
  const turned = counts.slice()
  const turnedCodes = codes.slice()
  if (codes[0] === codes[codes.length - 1]) {
    turned[0] += turned.pop()!
    turnedCodes.pop()
  }
  const repeats = turned.length / period(turnedCodes, turned)
  return repeats === 1 ? makeRoot(codes, counts) : firstOf(codes, counts, basics / repeats)
}

/** The first basic elements of a root that `bytes` bytes hold; undefined if they end within one. */
const prefix = (root: Root, bytes: number): Root | undefined => {
  let basics = 0
  let left = bytes
  for (let i = 0; left > 0; i++) {
    const { size } = kinds[kindOfCode(root.codes[i])]
    const taken = Math.min(root.counts[i], Math.floor(left / size))
    basics += taken
    left -= taken * size
    if (taken < root.counts[i] && left > 0) return undefined
  }
  return firstOf(root.codes, root.counts, basics)
}

/** Whether `bytes` bytes sent with a signature may be received as elements of this root. */
export const receivable = (signature: number, bytes: number, root: Root): boolean => {
  if (signature === root.signature || signature === 0 || root.signature === 0 || bytes === 0) return true
  const whole = Math.floor(bytes / root.bytes)
  const rest = bytes - whole * root.bytes
  // Whole repetitions have the signature of the root, and that was not it.
  if (rest === 0) return false
  const last = prefix(root, rest)
  if (last === undefined) return false
  return (
    rootOfAll([
      { root, times: whole },
      { root: last, times: 1 },
    ]).signature === signature
  )
}

/** Basic elements in so many bytes (MPI_Get_elements); undefined if they end within one. */
export const basicsIn = (bytes: number, root: Root): number | undefined => {
  if (bytes === 0) return 0
  if (root.bytes === 0) return undefined
  const whole = Math.floor(bytes / root.bytes)
  const rest = prefix(root, bytes - whole * root.bytes)
  return rest === undefined ? undefined : whole * root.basics + rest.basics
}
