/** The word that was probably meant. */

/** Edits between two words: insertions, deletions, replacements, and swaps of neighbours (Damerau, optimal alignment). */
export function distance(a: string, b: string): number {
  const d = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)])
  for (let j = 0; j <= b.length; j++) d[0][j] = j
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replaced = d[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      d[i][j] = Math.min(replaced, d[i - 1][j] + 1, d[i][j - 1] + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1)
    }
  }
  return d[a.length][b.length]
}

/** The nearest of the known words, if any is near: at most two edits, and at most half as many as it has letters. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map(candidate => ({ candidate, edits: distance(word.toLowerCase(), candidate.toLowerCase()) }))
  const [best] = ranked.sort((a, b) => a.edits - b.edits)
  return best && best.edits <= 2 && best.edits * 2 <= word.length ? best.candidate : undefined
}

/** ` Did you mean run?`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known)
  return meant === undefined ? '' : ` Did you mean ${meant}?`
}
