/**
 * All-pairs shortest paths with bags: a bag of panels, and a MapReduce for each round, whose new bag the next begins with. Items do not change: a panel that is relaxed is
 * another. The panel of the round is collected, closed here, and given to every task, as in Schoeneman and Zola, "Solving all-pairs
 * shortest-paths problem in large graphs using Apache Spark" (2019).
 */

import { bag } from 'skein/tasks'
import { FAR, type Network, PANEL } from './inputs.ts'
import { close, relax, relaxRows } from './paths.ts'

/** Few: a round is short, and each of its tasks costs as much as any other. */
const partitions = 8

export async function shortestByBags({ side, minutes }: Network): Promise<Int32Array> {
  const cut = Array.from({ length: side / PANEL }, (_, p) => {
    return { first: p * PANEL, rows: minutes.subarray(p * PANEL * side, (p + 1) * PANEL * side) }
  })
  let panels = bag(cut, { partitions })
  for (let first = 0; first < side; first += PANEL) {
    const [panel] = await panels.filter(panel => panel.first === first, { use: { first } }).toArray()
    const closed = panel.rows.slice()
    close(closed, side, first)
    const round = panels.map(
      panel => {
        const rows = panel.rows.slice()
        relaxRows(rows, closed, side, first)
        return { first: panel.first, rows }
      },
      { use: { closed, side, first, relaxRows, relax, PANEL, FAR } },
    )
    panels = await round.persist()
  }
  const paths = new Int32Array(side * side)
  for (const { first, rows } of await panels.toArray()) paths.set(rows, first * side)
  return paths
}
