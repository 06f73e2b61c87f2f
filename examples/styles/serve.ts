/** The side of a process of the study: it is asked by lines on its standard input, and answers with lines on its standard output. */

import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'

/** What a process answers: how long it took, and the SHA-256 of the answer's elements. */
export interface Measured {
  readonly ms: number
  readonly digest: string
}

export const digestOf = (answer: Int32Array): string => createHash('sha256').update(answer.slice()).digest('hex')

/** Says that it is ready, then solves what each line names until there are no more. @param solve gives the answer and the milliseconds it took */
export async function serve(solve: (way: string) => Promise<[answer: Int32Array, ms: number]>): Promise<void> {
  console.log('ready')
  for await (const way of createInterface({ input: process.stdin })) {
    const [answer, ms] = await solve(way)
    console.log(JSON.stringify({ ms, digest: digestOf(answer) } satisfies Measured))
  }
}
