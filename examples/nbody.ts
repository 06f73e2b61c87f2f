/** Gravity: the pull of n bodies on each of them, and a few steps in time. `nbody.ts [bodies]` */

import { heap, kernel } from 'skein'
import { largestDifference, sideBySide, sizeArgument } from './side-by-side.ts'

const SOFTENING = 0.01
const STEP = 0.001
const STEPS = 4

/** One array each for x, y, z, their velocities, and mass. */
type Bodies = readonly Float32Array[]

const pull = kernel(
  (
    i,
    count: number,
    x: Float32Array,
    y: Float32Array,
    z: Float32Array,
    vx: Float32Array,
    vy: Float32Array,
    vz: Float32Array,
    mass: Float32Array,
  ) => {
    let ax = 0.0
    let ay = 0.0
    let az = 0.0
    for (let j = 0; j < count; j++) {
      const dx = x[j] - x[i]
      const dy = y[j] - y[i]
      const dz = z[j] - z[i]
      const r2 = dx * dx + dy * dy + dz * dz + SOFTENING
      const f = mass[j] / (r2 * Math.sqrt(r2))
      ax += dx * f
      ay += dy * f
      az += dz * f
    }
    vx[i] += ax * STEP
    vy[i] += ay * STEP
    vz[i] += az * STEP
  },
  { use: { SOFTENING, STEP } },
)

const move = kernel(
  (i, position: Float32Array, velocity: Float32Array) => {
    position[i] += velocity[i] * STEP
  },
  { use: { STEP } },
)

const plainStep = (count: number, [x, y, z, vx, vy, vz, mass]: Bodies): void => {
  for (let i = 0; i < count; i++) {
    let ax = 0
    let ay = 0
    let az = 0
    for (let j = 0; j < count; j++) {
      const dx = x[j] - x[i]
      const dy = y[j] - y[i]
      const dz = z[j] - z[i]
      const r2 = dx * dx + dy * dy + dz * dz + SOFTENING
      const f = mass[j] / (r2 * Math.sqrt(r2))
      ax += dx * f
      ay += dy * f
      az += dz * f
    }
    vx[i] += ax * STEP
    vy[i] += ay * STEP
    vz[i] += az * STEP
  }
  for (let i = 0; i < count; i++) {
    x[i] += vx[i] * STEP
    y[i] += vy[i] * STEP
    z[i] += vz[i] * STEP
  }
}

const count = sizeArgument(4096)
/** A ball of bodies at rest, the same each time. */
const begin = (bodies: Bodies): void => {
  for (let i = 0; i < count; i++) {
    const angle = i * 2.399963
    const z = 1 - (2 * (i + 0.5)) / count
    const radius = Math.cbrt(((i * 7919) % count) / count)
    bodies[0][i] = radius * Math.sqrt(1 - z * z) * Math.cos(angle)
    bodies[1][i] = radius * Math.sqrt(1 - z * z) * Math.sin(angle)
    bodies[2][i] = radius * z
    for (let axis = 3; axis < 6; axis++) bodies[axis][i] = 0
    bodies[6][i] = 1 / count
  }
}
const expected = Array.from({ length: 7 }, () => new Float32Array(count))
const bodies = Array.from({ length: 7 }, () => heap.f32(count))
const [x, y, z, vx, vy, vz, mass] = bodies
sideBySide(
  `${STEPS} steps of ${count} bodies`,
  () => {
    begin(expected)
    for (let step = 0; step < STEPS; step++) plainStep(count, expected)
  },
  () => {
    begin(bodies)
    for (let step = 0; step < STEPS; step++) {
      pull(count, count, x, y, z, vx, vy, vz, mass)
      move(count, x, vx)
      move(count, y, vy)
      move(count, z, vz)
    }
  },
  () => Math.max(...bodies.slice(0, 6).map((array, k) => largestDifference(expected[k], array))),
  1e-4,
)
