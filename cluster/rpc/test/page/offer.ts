// What the server offers to pages.
import { inspect } from 'node:util'

export const offer = {
  add: (a: number, b: number) => a + b,
  twice: async (f: (x: number) => number | Promise<number>, x: number) => f(await f(x)),
  *count(n: number) {
    for (let i = 0; i < n; i++) yield i
  },
  double: (x: Float64Array) => x.map(v => v * 2),
  fail: (): number => {
    throw new RangeError('too far')
  },
  asks: async (f: () => boolean | Promise<boolean>) => f(),
  same: <T>(x: T) => x,
  describe: (x: unknown) => inspect(x, { depth: 5, compact: true, breakLength: 1000 }),
}

export type Api = typeof offer
