/** A place in the kernel's source: lines from 1, columns as the front end counts them. */
export interface Position {
  readonly line: number
  readonly column: number
}

/**
 * Source positions over a finished module: the bytes from `offsets[i]` up to the next offset come from line `lines[i]`;
 * line 0 stands for no source. Offsets ascend.
 */
export interface PositionTable {
  readonly offsets: readonly number[]
  readonly lines: readonly number[]
  readonly columns: readonly number[]
}

/** Where the byte at `offset` comes from. */
export function positionAt(table: PositionTable, offset: number): Position | undefined {
  let low = 0
  let high = table.offsets.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (table.offsets[middle] <= offset) low = middle + 1
    else high = middle
  }
  const line = low === 0 ? 0 : table.lines[low - 1]
  return line === 0 ? undefined : { line, column: table.columns[low - 1] }
}
