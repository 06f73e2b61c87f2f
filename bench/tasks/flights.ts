/** The flights of `npm start` as a text, and their words counted. */
import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { buildFolder } from '../harness/toolchain.ts'

/** The first n flights, a line each: `2001-01-01 00:01 LAS PHL 33`. Written when it is first asked for. */
export async function flightsFile(n: number): Promise<string> {
  const path = `${buildFolder}/flights-${n}.txt`
  if (existsSync(path)) return path
  const { dateOf, readFlights } = await import('../../examples/flights/data.ts')
  const { count, minute, origin, destination, delay, airports } = await readFlights(n, () => {})
  const line = (i: number) => {
    const time = dateOf(minute[i]).toISOString()
    const [from, to] = [airports[origin[i]], airports[destination[i]]]
    return `${time.slice(0, 10)} ${time.slice(11, 16)} ${from.code} ${to.code} ${delay[i]}\n`
  }
  mkdirSync(buildFolder, { recursive: true })
  writeFileSync(`${path}.part`, Array.from({ length: count }, (_, i) => line(i)).join(''))
  renameSync(`${path}.part`, path)
  return path
}

export const wordsOf = (line: string): string[] => line.split(' ')

export function routeOf(line: string): string {
  const words = line.split(' ')
  return `${words[2]}–${words[3]}`
}

export type Counts = Iterable<readonly [word: string, count: number]>

// Two loops, not one that is given a function: each is as quick as it would be by itself.

export function countRoutes(path: string): Counts {
  const counts = new Map<string, number>()
  for (const lines of linesOf(path)) {
    for (const line of lines) {
      const route = routeOf(line)
      counts.set(route, (counts.get(route) ?? 0) + 1)
    }
  }
  return counts
}

export function countWords(path: string): Counts {
  const counts = new Map<string, number>()
  for (const lines of linesOf(path)) {
    for (const line of lines) for (const word of wordsOf(line)) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}

/** Some at a time, which is faster than all at once. */
function* linesOf(path: string): Generator<string[]> {
  const file = openSync(path, 'r')
  const [buffer, decoder] = [Buffer.allocUnsafe(1 << 16), new StringDecoder('utf8')]
  let begun = ''
  for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
    const lines = (begun + decoder.write(buffer.subarray(0, read))).split('\n')
    begun = lines.pop()!
    yield lines
  }
  closeSync(file)
  if (begun !== '') yield [begun]
}

/** Each count weighed by its word, which Python does alike. */
export function checksumOf(counts: Counts): number {
  let sum = 0
  for (const [word, count] of counts) {
    let hash = 0
    for (let i = 0; i < word.length; i++) hash = (hash * 31 + word.charCodeAt(i)) & 0xffff
    sum += count * hash
  }
  return sum
}
