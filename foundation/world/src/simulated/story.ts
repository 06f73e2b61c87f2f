// What happened, in sentences. Kept only when somebody will read it: a run that failed is run again for its story.

export interface StoryLine {
  readonly atMs: number
  readonly text: string
}

export class Story {
  readonly lines: StoryLine[] = []

  /** Ask before making sentences. */
  readonly on: boolean
  private readonly timeMs: () => number

  constructor(on: boolean, timeMs: () => number) {
    this.on = on
    this.timeMs = timeMs
  }

  tell(text: string): void {
    if (this.on) this.lines.push({ atMs: this.timeMs(), text })
  }
}

/** Lines with their times, `limit` of them at most: the first few and the last ones, for there lies how it began and how it ended. */
export const printed = (lines: readonly StoryLine[], limit = 200): string => {
  const width = lines.length === 0 ? 1 : lines.at(-1)!.atMs.toFixed(1).length
  const line = ({ atMs, text }: StoryLine): string => `${atMs.toFixed(1).padStart(width)} ms  ${text}`
  if (lines.length <= limit) return lines.map(line).join('\n')
  const head = Math.floor(limit / 4)
  const left = lines.length - limit
  return [
    ...lines.slice(0, head).map(line),
    `${' '.repeat(width)} …   ${left} lines left out`,
    ...lines.slice(left + head).map(line),
  ].join('\n')
}

/** A message as people read it: text if it is text, else how long it is. */
export const preview = (bytes: Uint8Array): string => {
  const text = Array.from(bytes.subarray(0, 80), byte =>
    byte >= 32 && byte < 127 ? String.fromCharCode(byte) : byte === 10 ? '⏎' : '',
  ).join('')
  const isText = text.length >= Math.min(80, bytes.length)
  if (!isText) return `${bytes.length} bytes`
  return bytes.length > 80 ? `${text}… (${bytes.length} bytes)` : text
}
