/** Small WebAssembly modules for the tests, written by hand: the assembler is a floor above. */

const u = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...u(n >>> 7)])
const s = (n: number): number[] => {
  const low = n & 127
  const rest = n >> 7
  return (rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0) ? [low] : [low | 128, ...s(rest)]
}
const name = (text: string): number[] => [...u(text.length), ...Buffer.from(text)]
const section = (id: number, items: number[][]): number[] => {
  const body = [...u(items.length), ...items.flat()]
  return [id, ...u(body.length), ...body]
}

const [i32, i64] = [0x7f, 0x7e]
const [args, begin, end, thread] = [0, 1, 2, 3].map(index => [0x20, index])
const constant = (n: number): number[] => [0x41, ...s(n)]

/** `args + 4 * begin` as an address. */
const here = (wide: boolean): number[] =>
  wide ? [...args, ...begin, 0xac, 0x42, 2, 0x86, 0x7c] : [...args, ...begin, ...constant(2), 0x74, 0x6a]

/** Adds 1 to the word of the index in `begin`, atomically. */
const increment = (wide: boolean): number[] => [...here(wide), ...constant(1), 0xfe, 0x1e, 2, 0, 0x1a]

/** The word that many bytes before `args`. */
const wordBefore = (wide: boolean, bytes: number): number[] =>
  wide ? [...args, 0x42, ...s(bytes), 0x7d, 0x28, 2, 0] : [...args, ...constant(bytes), 0x6b, 0x28, 2, 0]

/** For each index of the range: `step`, with the index in `begin`. */
const eachIndex = (step: number[]): number[] => [
  ...[0x02, 0x40, 0x03, 0x40, ...begin, ...end, 0x4e, 0x0d, 1],
  ...step,
  ...[...begin, ...constant(1), 0x6a, 0x21, 1, 0x0c, 0, 0x0b, 0x0b],
]

export const bodyNames = ['empty', 'mark', 'owner', 'endless', 'trap', 'overflow', 'status', 'cuts', 'meet'] as const

/**
 * Bodies over a table of i32, `args` being the address of index 0: `mark` adds 1 to each index's word, atomically;
 * `owner` writes thread + 1 there; `endless` never returns; `trap` traps; `overflow` overflows the stack; `status`
 * marks, and returns the word at `args - 4` where its range holds the index at `args - 8`; `cuts` adds the length of its
 * range to the word of the first index; `meet` adds 1 to the word at `args` and waits until it is even: for two threads.
 */
export const bodies = (wide: boolean): Uint8Array<ArrayBuffer> => {
  const functions: number[][] = [
    constant(0), // empty
    [...eachIndex(increment(wide)), ...constant(0)],
    [...eachIndex([...here(wide), ...thread, ...constant(1), 0x6a, 0x36, 2, 0]), ...constant(0)],
    [0x03, 0x40, 0x0c, 0, 0x0b, ...constant(0)],
    [0x00],
    [...args, ...begin, ...end, ...thread, 0x10, 5],
    [
      ...[...wordBefore(wide, 8), ...begin, 0x4e, ...wordBefore(wide, 8), ...end, 0x48, 0x71],
      ...eachIndex(increment(wide)),
      ...[...wordBefore(wide, 4), 0x6c],
    ],
    [...here(wide), ...end, ...begin, 0x6b, 0xfe, 0x1e, 2, 0, 0x1a, ...constant(0)],
    [
      ...[...args, ...constant(1), 0xfe, 0x1e, 2, 0, ...constant(1), 0x72, 0x21, 1], // begin = old | 1
      ...[0x03, 0x40, ...args, 0xfe, 0x10, 2, 0, ...begin, 0x4c, 0x0d, 0, 0x0b, ...constant(0)],
    ],
  ]
  const code = functions.map(body => {
    const text = [0, ...body, 0x0b]
    return [...u(text.length), ...text]
  })
  const most = wide ? 262144 : 65536
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, 4, wide ? i64 : i32, i32, i32, i32, 1, i32]]),
    ...section(2, [[...name('env'), ...name('memory'), 2, wide ? 7 : 3, ...u(1), ...u(most)]]),
    ...section(
      3,
      functions.map(() => [0]),
    ),
    ...section(
      7,
      bodyNames.map((each, index) => [...name(each), 0, index]),
    ),
    ...section(10, code),
  ])
}
