// What a page, and a worker of one, does with a server: imported by them as it is, or bundled.
import { callContext, connect, up } from '@skein/rpc'
import type { Api } from './offer.ts'

/** One of each; what it has found, for the test to look at. */
export const calls = async (address: string) => {
  using connection = await connect<Api>(address)
  const { remote, session } = connection
  const items: number[] = []
  for await (const i of await remote.count(40)) items.push(i)
  const large = await remote.double(new Float64Array(200_000).fill(1.5))
  const error = await remote.fail().catch((error: Error) => error)
  const isAsked = await remote.asks(() => callContext().remainingMs === Number.POSITIVE_INFINITY)
  using again = up<Api>(address)
  return {
    again: await again.remote.add(3, 4),
    isSkein: session.isSkein,
    sum: await remote.add(1, 2),
    called: await remote.twice((x: number) => x * 3, 2),
    items: items.length,
    doubled: large.length === 200_000 && large.every(x => x === 3),
    texts: await remote.same(['grüß', '\u{1F980} \ud800', 'x'.repeat(20_000), 'ж'.repeat(300)]),
    values: await remote.describe({
      map: new Map([[1, new Set(['a'])]]),
      date: new Date(7),
      pattern: /a/g,
      big: 2n ** 70n,
      bytes: new Uint8Array([1, 2, 3]),
      boxed: Object(5),
      holes: Object.assign(new Array(3), { 0: 1, 2: 3 }),
    }),
    error: error instanceof RangeError && error.message,
    isAsked,
    noPlace: await connect('127.0.0.1:1').catch((error: Error) => error.name),
    nobody: await connect(address.replace('/rpc', '/nothing')).catch((error: Error) => error.name),
  }
}

export type Found = Awaited<ReturnType<typeof calls>>
