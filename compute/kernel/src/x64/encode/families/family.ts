/** The lines of one family of instructions, as they are put together: `forms.ts` says how they read. */

export interface Family {
  readonly lines: readonly string[]
  /** A line of the text is a form. */
  readonly add: (text: string) => void
}

export function family(): Family {
  const lines: string[] = []
  const add = (text: string) => {
    for (const line of text.split('\n')) if (line.trim() !== '') lines.push(line.trim())
  }
  return { lines, add }
}
