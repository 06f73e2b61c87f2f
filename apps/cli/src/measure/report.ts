/** The quick benchmark's rows as a table. */
import { styleFor } from '../style.ts'
import { table } from '../table.ts'
import type { Row } from './spread.ts'

/** Bytes that a case moves for each element, as STREAM counts them. */
const bytesPerElement: Record<string, number> = { copy: 16, triad: 24, sum: 8 }

const about: Record<string, string> = {
  copy: 'memory.copy on every thread: what the memory gives',
  triad: 'a = b + s × c',
  sum: 'a reduction',
  fused: 'sin(x) × exp(-y) + √|x × y|',
  mandelbrot: '768 × 512, 256 iterations',
  call: 'a kernel of 1024 elements, too short to share',
  'call, team awake': 'the same, shared by all threads',
  'call, team parked': '… after a rest: they have to wake',
  'first call, 20 lines': 'from source to result: parse, compile, run',
}

export function benchTable(rows: readonly Row[], stream: NodeJS.WriteStream): string {
  const style = styleFor(stream)
  const rate = ({ case: name, n, seconds }: Row): number => (n * (bytesPerElement[name] ?? 0)) / seconds.median
  const ceiling = rows.find(row => row.case === 'copy')
  const head = ['case', 'type', 'threads', 'median', 'best', 'GB/s', 'of memory', 'vs plain JS', ''].map(text =>
    style('bold', text),
  )
  const body = rows
    .filter(row => row.who !== 'plain JS')
    .map(row => {
      const plain = rows.find(other => other.case === row.case && other.who === 'plain JS')
      const moved = rate(row)
      return [
        row.case,
        row.dtype,
        String(row.threads),
        duration(row.seconds.median),
        duration(row.seconds.min),
        moved > 0 ? (moved / 1e9).toFixed(1) : '',
        moved > 0 && ceiling ? `${Math.round((moved / rate(ceiling)) * 100)} %` : '',
        plain ? `${(plain.seconds.median / row.seconds.median).toFixed(1)}×` : '',
        style('dim', about[row.case] ?? ''),
      ]
    })
  return `${table([head, ...body], { right: [2, 3, 4, 5, 6, 7] })}\n\nvs plain JS: the same loop in JavaScript on one thread, with the same answer.`
}

/** Three digits and the unit that fits: `12.3 ms`. */
export function duration(seconds: number): string {
  const [scale, unit] = seconds >= 1 ? [1, 's'] : seconds >= 1e-3 ? [1e3, 'ms'] : [1e6, 'µs']
  return `${(seconds * scale).toPrecision(3)} ${unit}`
}
