/** What is to be seen in docs/dashboard.png: walkers on a grid, simulated, merged and written, again and again. */
import { setTimeout as after } from 'node:timers/promises'
import { heap } from '@skein/heap'
import { actor, get, graph, put, task, wait } from '@skein/tasks'

const grid = 256

export const walk = task(import.meta, 'walk', (seed: number, steps: number) => {
  const visits = heap.u32(grid * grid, { label: 'visits' })
  let [x, y, state] = [grid / 2, grid / 2, seed]
  for (let i = 0; i < steps; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    const turn = state >>> 30
    x = (x + (turn === 0 ? 1 : turn === 1 ? grid - 1 : 0)) % grid
    y = (y + (turn === 2 ? 1 : turn === 3 ? grid - 1 : 0)) % grid
    visits[y * grid + x]++
  }
  return visits
})
export const merge = task(import.meta, 'merge', (...parts: Uint32Array[]) => {
  const sum = heap.u32(grid * grid, { label: 'merged' })
  for (const part of parts) for (let i = 0; i < sum.length; i++) sum[i] += part[i]
  return sum
})
export const fetchWeather = task(import.meta, 'fetchWeather', async (station: number) => {
  await after(5 + ((station * 7919) % 40))
  if (station % 23 === 7) throw new Error(`station ${station} does not answer`)
  return station
})
export const Totals = actor(
  import.meta,
  'Totals',
  class {
    #most = 0
    add(visits: Uint32Array) {
      for (const n of visits) this.#most = Math.max(this.#most, n)
      console.log(`most visits of one place: ${this.#most}`)
      return this.#most
    }
  },
)

const totals = await Totals.with({ name: 'totals' }).create()
put(heap.f64(1 << 18, { label: 'terrain' }))
for (let round = 0; ; round++) {
  const walks = Array.from({ length: 12 }, (_, i) => walk.lazy(round * 100 + i, 900_000 + ((i * 7919) % 11) * 360_000))
  const merged = Array.from({ length: 3 }, (_, i) => merge.lazy(...walks.slice(4 * i, 4 * i + 4)))
  const weather = Array.from({ length: 24 }, (_, i) => fetchWeather(round * 24 + i))
  await get(totals.add(await graph(merge.lazy(...merged)).run()))
  await wait(weather, { count: weather.length })
  await after(60)
}
