/** What leaves a statement: `break`, `continue` and `return`, where they lead to, and whether control can reach a statement's end. */
import type { Value } from '../ir/ir.ts'
import type { Exit, Frame, Lowering } from './context.ts'
import { EXIT, eachChild, type Tree } from './source.ts'

export const isLoop = (node: Tree): boolean => /^(For|While|DoWhile)Statement$/.test(node.type)

export function findExit(frame: Frame, kind: 'break' | 'continue', label: string | undefined): Exit | undefined {
  for (let i = frame.exits.length - 1; i >= 0; i--) {
    const e = frame.exits[i]
    if (e.kind !== kind) continue
    // A bare break leaves a loop or switch, never a labelled block.
    if (label === undefined ? e.loop : e.labels?.includes(label)) return e
  }
  return undefined
}

/** Statements that leave something, and what is around them: of this function, not of functions declared in it. */
function visitExits(node: Tree, f: (n: Tree) => void): void {
  if ((node.holds & EXIT) === 0 || /Function/.test(node.type)) return
  f(node)
  eachChild(node, child => visitExits(child, f))
}

/** Whether the target of a break or continue lies within `around`. */
function leavesInside(around: Tree, exit: Tree): boolean {
  const bare = !exit.label
  let inside = false
  const walk = (n: Tree, loops: number, labels: string[]): void => {
    if (inside || /Function/.test(n.type)) return
    if (n === exit) {
      inside = bare ? loops > 0 : labels.includes(exit.label.name)
      return
    }
    const breaks = isLoop(n) || (n.type === 'SwitchStatement' && exit.type === 'BreakStatement')
    const here = n.type === 'LabeledStatement' ? [...labels, n.label.name] : labels
    eachChild(n, child => walk(child, loops + (breaks ? 1 : 0), here))
  }
  walk(around, 0, [])
  return inside
}

/** The exits of the current frame that a statement may take, and that lie outside of it. */
export function exitsIn(L: Lowering, node: Tree): Exit[] {
  const found = new Set<Exit>()
  visitExits(node, n => {
    if (n.type === 'ReturnStatement') {
      const e = L.frame.exits.find(x => x.kind === 'return')
      if (e) found.add(e)
    } else if (n.type === 'BreakStatement' || n.type === 'ContinueStatement') {
      if (leavesInside(node, n)) return
      const e = findExit(L.frame, n.type === 'BreakStatement' ? 'break' : 'continue', n.label?.name)
      if (e) found.add(e)
    }
  })
  return [...found]
}

export function anySet(L: Lowering, exits: Exit[]): Value | undefined {
  let v: Value | undefined
  for (const e of exits) {
    const flag = L.env.get(e.flag.key)!.v
    v = v ? L.b.or(v, flag) : flag
  }
  return v
}

/** An expression without a value, as minifiers make of `if (c) { f(); return }`: `return void f()`. */
export function isVoid(node: Tree): boolean {
  switch (node.type) {
    case 'UnaryExpression':
      return node.operator === 'void'
    case 'Identifier':
      return node.name === 'undefined'
    case 'SequenceExpression':
      return isVoid(node.expressions.at(-1))
    case 'ConditionalExpression':
      return isVoid(node.consequent) && isVoid(node.alternate)
    default:
      return false
  }
}

export function returnsValue(body: Tree): boolean {
  let found = false
  visitExits(body, n => {
    if (n.type === 'ReturnStatement' && n.argument && !isVoid(n.argument)) found = true
  })
  return found
}

const isTrue = (test: Tree | null): boolean =>
  !test ||
  (test.type === 'Literal' && Boolean(test.value)) ||
  // As minifiers write true.
  (test.type === 'UnaryExpression' && test.operator === '!' && test.argument.type === 'Literal' && !test.argument.value)

/** Whether a break within one of the parts leaves it. */
function breaksOut(parts: Tree[]): boolean {
  let found = false
  for (const part of parts) {
    visitExits(part, n => {
      if (n.type === 'BreakStatement' && !leavesInside(part, n)) found = true
    })
  }
  return found
}

/** Whether control cannot reach the end of a statement. */
export function alwaysReturns(node: Tree | null | undefined): boolean {
  switch (node?.type) {
    case 'ReturnStatement':
      return true
    case 'BlockStatement':
      return node.body.some(alwaysReturns)
    case 'IfStatement':
      return alwaysReturns(node.consequent) && alwaysReturns(node.alternate)
    case 'LabeledStatement':
      return alwaysReturns(node.body) && !breaksOut([node.body])
    case 'ForStatement':
    case 'WhileStatement':
      // An endless loop is left by return alone, unless something breaks out of it.
      return isTrue(node.test) && !breaksOut([node.body])
    case 'SwitchStatement':
      // Each case falls through to the last one, if it does not return before.
      return (
        node.cases.length > 0 &&
        node.cases.at(-1).test === null &&
        node.cases.at(-1).consequent.some(alwaysReturns) &&
        !breaksOut(node.cases)
      )
    default:
      return false
  }
}
