/** What the examples with arrays share: small tables of vega-datasets, and a check that ends the program where it fails. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as nd from 'skein/array'

const folder = join(dirname(dirname(createRequire(import.meta.url).resolve('vega-datasets'))), 'data')
const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'))

type Row = Readonly<Record<string, string | number | null>>

/** Columns of the rows that have all of them: [row, column]. */
const numbers = (rows: readonly Row[], columns: readonly string[]): nd.NDArray =>
  nd.asarray(rows.map(row => columns.map(column => row[column] as number)))

export interface Table {
  readonly x: nd.NDArray
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
}

const table = (file: string, columns: readonly string[], others: readonly string[] = []): Table => {
  const rows = (read(file) as Row[]).filter(row => [...columns, ...others].every(column => row[column] !== null))
  return { x: numbers(rows, columns), columns, rows }
}

export const species = ['Adelie', 'Chinstrap', 'Gentoo'] as const

/** 342 penguins of three species, and of each four measures (K. Gorman and others, Palmer Station, 2014). */
export const penguins = (): Table & { readonly kind: nd.NDArray } => {
  const found = table('penguins.json', ['Beak Length (mm)', 'Beak Depth (mm)', 'Flipper Length (mm)', 'Body Mass (g)'])
  const kind = nd.asarray(
    found.rows.map(row => species.findIndex(name => String(row.Species).startsWith(name))),
    { dtype: 'int32' },
  )
  return { ...found, kind }
}

/** Cars of 1970 to 1982: what they are, and how far they go on a gallon. */
export const cars = (): Table =>
  table(
    'cars.json',
    ['Cylinders', 'Displacement', 'Horsepower', 'Weight_in_lbs', 'Acceleration', 'Miles_per_Gallon'],
    ['Name', 'Year'],
  )

/** Heights of Maunga Whau, a volcano in Auckland, in metres on a grid of ten metres: [87, 61] (R. Ihaka). */
export const volcano = (): nd.NDArray => {
  const { width, height, values } = read('volcano.json') as { width: number; height: number; values: number[] }
  return nd.asarray(values).reshape([height, width])
}

/** Of each column the distance from its mean, in standard deviations. */
export const standardised = (x: nd.NDArray): nd.NDArray =>
  nd.divide(nd.subtract(x, x.mean({ axis: 0 })), x.std({ axis: 0 }))

/** `[n, classes]`: 1 where a row's class is the column's, else 0. */
export const oneHot = (kind: nd.NDArray, classes: number): nd.NDArray =>
  nd.astype(nd.equal(kind.expandDims(1), nd.arange(classes)), 'float64')

/** The share of equal elements. */
export const accuracy = (found: nd.NDArray, expected: nd.NDArray): number =>
  nd.astype(nd.equal(found, expected), 'float64').mean().item() as number

/** What must hold of the results; else the program says so and ends with exit code 1. */
export const check = (what: string, holds: boolean): void => {
  if (holds) return
  console.error(`this should hold and does not: ${what}`)
  process.exit(1)
}
