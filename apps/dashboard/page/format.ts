/** Numbers as people read them. */

export { bytes, count, percent } from '../src/words.ts'

export function ms(t: number): string {
  if (t === 0) return '0'
  if (t < 0.001) return `${(t * 1e6).toFixed(0)} ns`
  if (t < 1) return `${(t * 1000).toPrecision(3).replace(/\.0+$/, '')} µs`
  if (t < 1000) return `${t.toPrecision(3)} ms`
  if (t < 120_000) return `${(t / 1000).toPrecision(3)} s`
  return `${(t / 60_000).toFixed(1)} min`
}

export function clock(atMs: number): string {
  const d = new Date(atMs)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, '0')}`
}

/** A hue for a name, always the same, spread by the golden angle. */
export function hueOf(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0
  return ((hash >>> 0) * 137.508) % 360
}
