/**
 * How many flights each route has, counted as words in a text are: each flight becomes the name of its route, and equal names are
 * counted. MapReduce (J. Dean and S. Ghemawat, 2004), by a bag: each of its partitions is mapped and counted by some worker, and
 * the counts of a name meet in one place.
 */

import { bag } from 'skein/tasks'
import type { Flights } from './data.ts'
import type { Step, Verdict } from './step.ts'
import { type Ran, watched } from './watch.ts'

export interface Traffic {
  /** By name of the route, `LAX–SFO`. */
  readonly counts: ReadonlyMap<string, number>
  readonly ran: readonly Ran[]
}

const COUNT = 'routes, counted as words'

const compareCounts = (plain: Traffic, tasks: Traffic): Verdict => {
  for (const [route, n] of plain.counts) {
    const found = tasks.counts.get(route)
    if (found !== n) return { agree: false, detail: `flights of ${route}: ${n} plain, ${found ?? 'none'} by tasks` }
  }
  const { size } = plain.counts
  return { agree: size === tasks.counts.size, detail: `${size.toLocaleString('en-US')} routes' flights equal` }
}

export const trafficStep = ({ count, origin, destination, airports }: Flights): Step<Traffic> => {
  const codes = airports.map(({ code }) => code)
  return {
    title: 'Flights by route, by MapReduce',
    by: 'tasks',
    plain(track) {
      track.phase(COUNT)
      const counts = new Map<string, number>()
      for (let i = 0; i < count; i++) {
        const route = `${codes[origin[i]]}–${codes[destination[i]]}`
        counts.set(route, (counts.get(route) ?? 0) + 1)
      }
      return { counts, ran: [] }
    },
    async skein(track) {
      track.phase(COUNT)
      let counts: [route: string, flights: number][] = []
      const ran = await watched(async () => {
        // Few partitions: nearly all names are in each of them, and their counts must meet.
        counts = await bag
          .range(count, { partitions: 8, progress: (done, total) => track.share(done / total) })
          .map(i => `${codes[origin[i]]}–${codes[destination[i]]}`, { use: { codes, origin, destination } })
          .frequencies({ partitions: 2 })
          .toArray()
      })
      return { counts: new Map(counts), ran }
    },
    compare: compareCounts,
  }
}
