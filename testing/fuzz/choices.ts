/**
 * Chance as a list of choices. A generator asks for numbers; what it got is written down, and the same list makes the same
 * thing again. A shorter list, or one with smaller numbers, makes a simpler thing, since choice 0 is always the simplest: so
 * whatever is generated can be shrunk without knowing what it is (MacIver and Donaldson, Test-Case Reduction via Test-Case
 * Generation, ECOOP 2020).
 */
import { Random } from '@skein/base'

export class Choices {
  /** What was chosen so far. */
  readonly made: number[] = []
  private readonly given: readonly number[] | undefined
  private readonly random: Random | undefined

  /** @param from a seed, or the choices of an earlier run; past their end every choice is 0 */
  constructor(from: number | readonly number[]) {
    if (typeof from === 'number') this.random = new Random(from)
    else this.given = from
  }

  /** A whole number from 0 to n - 1. */
  below(n: number): number {
    const x = this.random ? this.random.integer(0, n) : Math.min(this.given![this.made.length] ?? 0, n - 1)
    this.made.push(x)
    return x
  }

  /** True with a chance of one in n; false is simpler. */
  oneIn(n: number): boolean {
    return this.below(n) === n - 1
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]
  }
}

/**
 * The simplest list of choices found that still fails.
 * @param fails whether the thing made of these choices fails in the same way; may be asked a few hundred times
 * @param untilMs when to be content, by `performance.now()`
 */
export async function shrink(
  choices: readonly number[],
  fails: (choices: readonly number[]) => Promise<readonly number[] | undefined>,
  untilMs: number,
): Promise<readonly number[]> {
  let best = choices
  const simpler = async (candidate: readonly number[]): Promise<boolean> => {
    if (performance.now() > untilMs) return false
    const used = await fails(candidate)
    // What was read of the candidate, without what came after.
    if (!used || !isSimpler(used, best)) return false
    best = used
    return true
  }
  for (let progress = true; progress && performance.now() < untilMs; ) {
    progress = false
    for (let size = Math.max(1, best.length >> 1); size >= 1; size >>= 1) {
      for (let at = best.length - size; at >= 0; at -= Math.max(1, size >> 1)) {
        if (at + size > best.length) continue
        if (await simpler([...best.slice(0, at), ...best.slice(at + size)])) progress = true
        else if (best.slice(at, at + size).some(x => x > 0)) {
          if (await simpler(best.with(at, 0).map((x, i) => (i > at && i < at + size ? 0 : x)))) progress = true
        }
      }
    }
    for (let at = 0; at < best.length; at++) {
      for (const x of [best[at] >> 1, best[at] - 1]) {
        if (x >= 0 && x < best[at] && (await simpler(best.with(at, x)))) progress = true
      }
    }
  }
  return best
}

function isSimpler(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return a.length < b.length
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] < b[i]
  return false
}
