/**
 * Small trees by their form, found by numbers: a tree is walked operation before operands, each step is a number, and what is known of trees of that form stands where the steps lead. It takes a fraction
 * of a microsecond where a text of the form would take some.
 */

import { infoOf, numberOfDType } from '../dtypes.ts'
import { isContiguous, type Shape, sameShape } from '../shape.ts'
import type { Access } from './compose.ts'
import { type Apply, asLeaf, type Leaf, type Node } from './node.ts'
import type { Known } from './programs.ts'

/** A place among the forms. */
export interface Form {
  readonly next: Map<number, Form>
  /** The program of trees that end here. */
  known?: Known
}

/** What stands in a tree, in the order in which its kernel takes it. */
export interface Walked {
  form: Form
  /** Operations whose values are to be kept: those that another tree still uses, and the tree's own as the last. */
  readonly kept: readonly Apply[]
  readonly leaves: readonly Leaf[]
  /** Every leaf lies in C order in the tree's shape, or is one element that stands for all. */
  readonly isEven: boolean
  /** Of leaves: one element that stands for all. */
  readonly isSingle: readonly boolean[]
  /** Of leaves that do not begin at the first element of their memory. */
  readonly offsets: readonly number[]
  readonly scalars: readonly (number | bigint)[]
}

/** Larger trees are not looked for here. */
const mostOperations = 16
/** Beyond so many places those there are are given up: programs that make ever new forms would fill memory. */
const mostForms = 20_000

const operations = new Map<string, number>()
let root: Form = { next: new Map() }
let count = 0

/** The first digit of a step. */
const kinds = { access: 0, operation: 1, leaf: 2, scalar: 3, again: 4, kept: 5 }
const base = 8

function step({ next }: Form, number: number): Form {
  let found = next.get(number)
  if (found === undefined) {
    count++
    next.set(number, (found = { next: new Map() }))
  }
  return found
}

/** Where arrays lead that a kernel runs through like this. */
export function formWith(form: Form, accesses: readonly Access[]): Form {
  let found = form
  for (const { steps, hasOffset } of accesses) {
    let number = hasOffset ? 1 : 0
    for (const s of steps) number = 3 * number + (s === 's' ? 2 : s === '1' ? 1 : 0)
    // The rank is told by the number of steps that follow: as a digit.
    found = step(found, base * (4 * number + steps.length) + kinds.access)
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
  isEven = true
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

  constructor(shape: Shape) {
    this.#shape = shape
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
      this.#go(numberOfDType(node.dtype), kinds.scalar)
      return true
    }
    const leaf = asLeaf(node)
    if (leaf !== undefined) {
      this.#visitLeaf(leaf)
      return true
    }
    if (node.is !== 'apply') return false
    this.#go(numberOfOperation(node.operation.name), kinds.operation)
    const { operands } = node
    for (let k = 0; k < operands.length; k++) if (!this.visit(operands[k])) return false
    this.#steps.push(node)
    return true
  }

  #visitLeaf(leaf: Leaf): void {
    const { view } = leaf
    const isSame = sameShape(view.shape, this.#shape) && isContiguous(this.#shape, view.strides)
    const isSingle = !isSame && view.shape.every(isOne)
    this.isEven &&= isSame || isSingle
    this.leaves.push(leaf)
    this.isSingle.push(isSingle)
    if (view.offset !== 0) this.offsets.push(view.offset)
    const access = isSame ? 0 : isSingle ? 1 : 2
    this.#go(8 * numberOfDType(leaf.dtype) + access + (view.offset === 0 ? 0 : 4), kinds.leaf)
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
 * The form of a tree; undefined: it is larger.
 * @param tree of which all that is not computed element by element has been evaluated
 */
export function walk(tree: Apply): Walked | undefined {
  if (tree.operations > mostOperations) return undefined
  if (count > mostForms) {
    root = { next: new Map() }
    count = 0
  }
  const walked = new Walk(tree.shape)
  if (!walked.visit(tree)) return undefined
  walked.finish(tree)
  return walked
}
