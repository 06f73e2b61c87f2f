/** Subscripts of Einstein sums, `ij,jk->ik`: one letter for each axis, and what letters stand for. */

import { ArgumentError } from '@skein/base'
import { ShapeError, shapeText } from '../errors.ts'
import type { Shape } from '../shape.ts'

/** Letters, and for the axes of an ellipsis how far each is from the last one: `.0`, `.1`, … */
export type Label = string

export interface Subscripts {
  /** Of each operand, one for each axis. */
  readonly inputs: readonly (readonly Label[])[]
  readonly output: readonly Label[]
  /** How many elements there are along axes of a label. */
  readonly lengths: ReadonlyMap<Label, number>
}

/** The last ones that were parsed: a loop asks for the same ones again and again. */
const parsed = new Map<string, Subscripts>()
const mostParsed = 100

/** @throws ArgumentError for what are no subscripts; ShapeError where they do not go with shapes */
export function parseSubscripts(text: unknown, shapes: readonly Shape[], call: string): Subscripts {
  const key = `${String(text)};${shapes.join(';')}`
  const known = parsed.get(key)
  if (known !== undefined) return known
  const found = parse(text, shapes, call)
  if (parsed.size >= mostParsed) parsed.clear()
  parsed.set(key, found)
  return found
}

function parse(text: unknown, shapes: readonly Shape[], call: string): Subscripts {
  const wrong = (expected: string, advice = '') => new ArgumentError(call, 'subscripts', expected, text, advice)
  if (typeof text !== 'string') throw wrong("text as 'ij,jk->ik'")
  const sides = text.replaceAll(' ', '').split('->')
  if (sides.length > 2) throw wrong("text with one '->'")
  const terms = sides[0].split(',')
  if (terms.length !== shapes.length)
    throw wrong(`one term for each operand: ${shapes.length}`, `It has ${terms.length}.`)
  for (const term of [...terms, sides[1] ?? ''])
    if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term)) throw wrong("letters, and '...' once a term", `See '${term}'.`)
  const inputs = terms.map((term, k) => labelsOf(term, shapes[k], call, text))
  const open = Math.max(0, ...inputs.map(labels => labels.filter(isOpen).length))
  const output = sides.length === 2 ? outputOf(sides[1], open) : implied(inputs, open)
  const known = new Set(inputs.flat())
  for (const label of output)
    if (!known.has(label)) throw wrong('an output of letters that operands have', `'${label}' is in none.`)
  if (new Set(output).size !== output.length) throw wrong('an output in which no letter stands twice')
  return { inputs, output, lengths: lengthsOf(inputs, shapes, call) }
}

const isOpen = (label: Label) => label.startsWith('.')
const openLabels = (count: number): Label[] => Array.from({ length: count }, (_, k) => `.${count - 1 - k}`)

function labelsOf(term: string, shape: Shape, call: string, text: string): Label[] {
  const letters = term.replace('...', '').length
  const isWhole = !term.includes('...')
  if (isWhole ? letters !== shape.length : letters > shape.length)
    throw new ShapeError(
      call,
      `'${term}' of '${text}' has ${letters} letters, the shape ${shapeText(shape)} ${shape.length} axes.`,
      [shape],
    )
  return outputOf(term, shape.length - letters)
}

function outputOf(term: string, open: number): Label[] {
  const [before, behind] = term.split('...')
  return behind === undefined ? [...before] : [...before, ...openLabels(open), ...behind]
}

/** Without an output: those of ellipses, then letters that stand only once, in the order of the alphabet. */
function implied(inputs: readonly (readonly Label[])[], open: number): Label[] {
  const times = new Map<Label, number>()
  for (const label of inputs.flat()) times.set(label, (times.get(label) ?? 0) + 1)
  const once = [...times].filter(([label, n]) => n === 1 && !isOpen(label)).map(([label]) => label)
  return [...openLabels(open), ...once.sort()]
}

function lengthsOf(inputs: readonly (readonly Label[])[], shapes: readonly Shape[], call: string): Map<Label, number> {
  const lengths = new Map<Label, number>()
  const from = new Map<Label, Shape>()
  for (const [k, labels] of inputs.entries()) {
    for (const [d, label] of labels.entries()) {
      const [found, n] = [lengths.get(label) ?? 1, shapes[k][d]]
      if (found !== n && found !== 1 && n !== 1) {
        const first = from.get(label)!
        throw new ShapeError(
          call,
          `the axes '${label}' of the shapes ${shapeText(first)} and ${shapeText(shapes[k])} have ${found} and ${n} elements.`,
          [first, shapes[k]],
        )
      }
      if (found !== n || !from.has(label)) from.set(label, shapes[k])
      lengths.set(label, found === 1 ? n : found)
    }
  }
  return lengths
}
