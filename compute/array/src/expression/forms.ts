/**
 * Small trees by their form, found by numbers: a tree is walked operation before operands, each step is a number, and what is known of trees of that form stands where the steps lead. It takes a fraction
 * of a microsecond where a text of the form would take some.
 */

import type { Program } from '@skein/kernel/compiler'
import { type DType, dtypes, infoOf } from '../dtypes.ts'
import { isContiguous, type Shape, sameShape } from '../shape.ts'
import { type Apply, asLeaf, type Leaf, type Node } from './node.ts'

/** A place among the forms. */
export interface Form {
  readonly next: Map<number, Form>
  /** The program of trees that end here, and the backend that it was made for. */
  known?: { readonly program: Program; readonly backend: object }
}

/** What stands in a tree, in the order in which its kernel takes it. */
export interface Walked {
  form: Form
  /** Operations whose values are to be kept: those that another tree still uses, and the tree's own as the last. */
  readonly kept: readonly Apply[]
  readonly leaves: Leaf[]
  /** Of leaves: one element that stands for all. */
  readonly isSingle: boolean[]
  /** Of leaves that do not begin at the first element of their memory. */
  readonly offsets: number[]
  readonly scalars: (number | bigint)[]
}

/** Larger trees are not looked for here. */
const mostOperations = 16
/** Beyond so many places those there are are given up: programs that make ever new forms would fill memory. */
const mostForms = 20_000

const numberOf = new Map<DType, number>(dtypes.map((dtype, k) => [dtype, k]))
const operations = new Map<string, number>()
let root: Form = { next: new Map() }
let count = 0

/** The first digit of a step. */
const kinds = { target: 0, operation: 1, leaf: 2, scalar: 3, again: 4, kept: 5 }
const base = 8

function step({ next }: Form, number: number): Form {
  let found = next.get(number)
  if (found === undefined) {
    count++
    next.set(number, (found = { next: new Map() }))
  }
  return found
}

function numberOfOperation(name: string): number {
  let number = operations.get(name)
  if (number === undefined) operations.set(name, (number = operations.size))
  return number
}

/** A tree while it is walked. */
class Walk implements Walked {
  form = root
  kept: Apply[] = []
  readonly leaves: Leaf[] = []
  readonly isSingle: boolean[] = []
  readonly offsets: number[] = []
  readonly scalars: (number | bigint)[] = []
  readonly #shape: Shape
  readonly #seen: Node[] = []
  /** How often each of them was met. */
  readonly #visits: number[] = []
  /** Operations behind their operands. */
  readonly #steps: Apply[] = []

  constructor(shape: Shape, offset: number) {
    this.#shape = shape
    this.#go(offset === 0 ? 0 : 1, kinds.target)
    if (offset !== 0) this.offsets.push(offset)
  }

  #go(number: number, kind: number): void {
    this.form = step(this.form, base * number + kind)
  }

  visit(node: Node): boolean {
    const before = this.#seen.indexOf(node)
    if (before >= 0) {
      this.#visits[before]++
      this.#go(before, kinds.again)
      return true
    }
    this.#seen.push(node)
    this.#visits.push(1)
    if (node.is === 'scalar') {
      this.scalars.push(node.value)
      if (infoOf(node.dtype).kind === 'complex') this.scalars.push(node.imaginary)
      this.#go(numberOf.get(node.dtype)!, kinds.scalar)
      return true
    }
    const leaf = asLeaf(node)
    if (leaf !== undefined) return this.#visitLeaf(leaf)
    if (node.is !== 'apply') return false
    this.#go(numberOfOperation(node.operation.name), kinds.operation)
    const { operands } = node
    for (let k = 0; k < operands.length; k++) if (!this.visit(operands[k])) return false
    this.#steps.push(node)
    return true
  }

  #visitLeaf(leaf: Leaf): boolean {
    const { view } = leaf
    const isSame = sameShape(view.shape, this.#shape) && isContiguous(this.#shape, view.strides)
    if (!isSame && !view.shape.every(isOne)) return false
    this.leaves.push(leaf)
    this.isSingle.push(!isSame)
    if (view.offset !== 0) this.offsets.push(view.offset)
    this.#go(4 * numberOf.get(leaf.dtype)! + (isSame ? 0 : 1) + (view.offset === 0 ? 0 : 2), kinds.leaf)
    return true
  }

  finish(tree: Apply): void {
    const steps = this.#steps
    for (let k = 0; k < steps.length - 1; k++) {
      const node = steps[k]
      // Of another shape it is computed again where it is needed.
      if (node.uses <= this.#visits[this.#seen.indexOf(node)] || !sameShape(node.shape, this.#shape)) continue
      this.kept.push(node)
      this.#go(k, kinds.kept)
    }
    this.kept.push(tree)
  }
}

const isOne = (n: number): boolean => n === 1

/**
 * The form of a tree whose leaves lie in C order in its shape, or are one element; undefined: it is another, or larger.
 * @param tree of which all that is not computed element by element has been evaluated @param offset of the array that the result is written into
 */
export function walk(tree: Apply, offset: number): Walked | undefined {
  if (tree.operations > mostOperations) return undefined
  if (count > mostForms) {
    root = { next: new Map() }
    count = 0
  }
  const walked = new Walk(tree.shape, offset)
  if (!walked.visit(tree)) return undefined
  walked.finish(tree)
  return walked
}
