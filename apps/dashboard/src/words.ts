/** Numbers as a report's readers want them. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
export const count = (n: number): string => whole.format(n)
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`

export function ms(t: number): string {
  if (t < 1) return `${(t * 1000).toFixed(1)} µs`
  if (t < 1000) return `${t.toPrecision(3)} ms`
  return t < 120_000 ? `${(t / 1000).toFixed(2)} s` : `${(t / 60_000).toFixed(1)} min`
}

export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = n < 1 ? 0 : Math.min(4, Math.floor(Math.log2(n) / 10))
  const amount = n / 1024 ** power
  return `${amount.toFixed(power === 0 || amount >= 100 ? 0 : 1)} ${units[power]}`
}

/** Text as HTML. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
