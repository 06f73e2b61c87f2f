/**
 * Statements to IR. `break`, `continue` and `return` set a flag; what follows in the same list runs only while the flag is
 * clear, and a loop goes on only while no flag that leaves it is set.
 */
import type { Value } from '../ir/ir.ts'
import { lowerCall } from './calls.ts'
import { assignedIn, changedBy } from './changes.ts'
import type { Exit, Frame, FunctionRef, Lowering, Variable } from './context.ts'
import { declare, declareFunction, functionRef, hoistVars } from './declarations.ts'
import { alwaysReturns, anySet, exitsIn, findExit, isLoop, isVoid, returnsValue } from './exits.ts'
import { lowerExpression, target } from './expressions.ts'
import type { Typed } from './kinds.ts'
import { type Tree, visit } from './source.ts'

/** Lowers a list; true when its end is not reached (a flag is set for certain). */
function lowerList(L: Lowering, list: Tree[]): void {
  for (const s of list) if (s.type === 'FunctionDeclaration') declareFunction(L, s.id.name, s)
  for (let i = 0; i < list.length; i++) {
    lowerStatement(L, list[i])
    const stop = anySet(L, exitsIn(L, list[i]))
    if (!stop) continue
    const rest = list.slice(i + 1)
    if (rest.length === 0) return
    if (stop.op === 'const') {
      if (stop.attr) return
      continue
    }
    L.alternatives(
      L.b.not(stop),
      () => (lowerList(L, rest), undefined),
      () => undefined,
      list[i + 1],
    )
    return
  }
}

function lowerBody(L: Lowering, node: Tree): void {
  L.inScope(() => lowerList(L, node.type === 'BlockStatement' ? node.body : [node]))
}

function lowerStatement(L: Lowering, node: Tree): void {
  L.b.loc = L.loc(node)
  switch (node.type) {
    case 'EmptyStatement':
    case 'FunctionDeclaration':
      return
    case 'BlockStatement':
      return lowerBody(L, node)
    case 'ExpressionStatement':
      if (node.directive) return
      return effect(L, node.expression)
    case 'VariableDeclaration':
      return declare(L, node)
    case 'IfStatement': {
      const cond = L.truth(lowerExpression(L, node.test), node.test)
      L.alternatives(
        cond,
        () => (lowerBody(L, node.consequent), undefined),
        () => (node.alternate && lowerBody(L, node.alternate), undefined),
        node,
      )
      return
    }
    case 'ForStatement':
      return L.inScope(() => {
        const mine = new Set<Variable>()
        if (node.init) {
          if (node.init.type === 'VariableDeclaration') {
            declare(L, node.init)
            for (const found of L.scope.names.values()) if (found.is === 'variable') mine.add(found)
          } else effect(L, node.init)
        }
        loop(L, node, node.test ?? undefined, node.body, node.update ?? undefined, false, mine)
      })
    case 'WhileStatement':
      return loop(L, node, node.test, node.body, undefined, false, new Set())
    case 'DoWhileStatement':
      return loop(L, node, node.test, node.body, undefined, true, new Set())
    case 'BreakStatement':
    case 'ContinueStatement': {
      const kind = node.type === 'BreakStatement' ? 'break' : 'continue'
      const exit = findExit(L.frame, kind, node.label?.name)
      if (!exit) L.unsupported(node, `${kind} outside a loop`, 'It may stand only inside a loop of the same function.')
      L.env.set(exit.flag.key, L.bool(true))
      return
    }
    case 'ReturnStatement':
      return leave(L, node)
    case 'LabeledStatement': {
      // Labels in a row name the same loop.
      const labels: string[] = []
      let inner = node
      for (; inner.type === 'LabeledStatement'; inner = inner.body) labels.push(inner.label.name)
      if (isLoop(inner)) {
        inner.labels = labels
        return lowerStatement(L, inner)
      }
      const exit = L.flag('break', [node.label.name])
      L.frame.exits.push(exit)
      lowerBody(L, node.body)
      L.frame.exits.pop()
      return
    }
    case 'DebuggerStatement':
      L.b.op('debugger', 'void', [])
      return
    case 'SwitchStatement':
      return choose(L, node)
    case 'ThrowStatement':
      return L.unsupported(node, 'throw inside a kernel', "Write assert(condition, 'message').")
    case 'TryStatement':
      return L.unsupported(node, 'try inside a kernel', 'Nothing in a kernel throws.')
    case 'ForOfStatement':
    case 'ForInStatement':
      return L.unsupported(
        node,
        `for … ${node.type === 'ForOfStatement' ? 'of' : 'in'}`,
        'Count: for (let k = 0; k < x.length; k++).',
      )
    case 'ClassDeclaration':
      return L.unsupported(node, 'a class inside a kernel', 'Kernels know functions and arrays.')
    default:
      return L.unsupported(node, `${node.type}`, 'docs/kernel-language.md lists what kernels know.')
  }
}

/** An expression for its effect: a call without a value, or `a && b()`, `a ? b() : c()` as minifiers write `if`. */
function effect(L: Lowering, node: Tree): void {
  switch (node.type) {
    case 'CallExpression':
      L.b.loc = L.loc(node)
      lowerCall(L, node)
      return
    case 'SequenceExpression':
      for (const e of node.expressions as Tree[]) effect(L, e)
      return
    case 'LogicalExpression': {
      const left = L.truth(lowerExpression(L, node.left), node.left)
      if (node.operator === '??') return
      const right = () => (effect(L, node.right), undefined)
      const nothing = () => undefined
      L.alternatives(left, node.operator === '&&' ? right : nothing, node.operator === '&&' ? nothing : right, node)
      return
    }
    case 'ConditionalExpression': {
      const cond = L.truth(lowerExpression(L, node.test), node.test)
      L.alternatives(
        cond,
        () => (effect(L, node.consequent), undefined),
        () => (effect(L, node.alternate), undefined),
        node,
      )
      return
    }
    case 'UnaryExpression':
      if (node.operator === 'void' || node.operator === '!') return effect(L, node.argument)
      break
    case 'Identifier':
      if (node.name === 'undefined' && !L.lookup('undefined')) return
      // What is left of `__name(helper, 'helper')`.
      if (L.lookup(node.name)?.is === 'function') return
      break
    case 'Literal':
      return
    case 'AssignmentExpression':
      if (node.operator === '=' && node.left.type === 'ArrayPattern') return assignEach(L, node)
  }
  lowerExpression(L, node)
}

/** `[a, b] = [b, a + b]`: all values first, then all targets. */
function assignEach(L: Lowering, node: Tree): void {
  const targets = node.left.elements as (Tree | null)[]
  const values = node.right.type === 'ArrayExpression' ? (node.right.elements as (Tree | null)[]) : []
  if (values.length !== targets.length || [...targets, ...values].some(e => !e || /Pattern|Element$/.test(e.type)))
    L.unsupported(node, 'this destructuring', 'Write as many values as targets: [a, b] = [b, a].')
  const given = values.map(e => lowerExpression(L, e!))
  for (const [i, t] of targets.entries()) target(L, t!).write(given[i])
}

function leave(L: Lowering, node: Tree): void {
  const frame = L.frame
  const exit = frame.exits.find(e => e.kind === 'return')!
  if (frame.result && (!node.argument || isVoid(node.argument)))
    L.unsupported(node, 'a return without a value', 'Every path gives a value.')
  if (node.argument && isVoid(node.argument)) effect(L, node.argument)
  else if (!frame.result && node.argument?.type === 'CallExpression' && !lowerCall(L, node.argument)) {
    // `return put(i)` of a helper without a value.
  } else if (node.argument) {
    if (!frame.result)
      L.unsupported(node, 'a kernel returns nothing', 'Write results into an array, or use reduce for a value.')
    L.assign(frame.result, frame.give!(lowerExpression(L, node.argument), node.argument), node)
  }
  L.env.set(exit.flag.key, L.bool(true))
}

function loop(
  L: Lowering,
  node: Tree,
  test: Tree | undefined,
  body: Tree,
  update: Tree | undefined,
  atLeastOnce: boolean,
  mine: Set<Variable>,
): void {
  const frame = L.frame
  const brk: Exit = { ...L.flag('break', node.labels), loop: true }
  const next: Exit = { ...L.flag('continue', node.labels), loop: true }
  // A test that assigns is run at the top of the body: what it changes must be seen after the loop as well.
  const plain = test && changedBy(L, [test]).size === 0 ? test : undefined
  frame.exits.push(brk, next)
  const outward = exitsIn(L, body).filter(e => e !== next)
  if (test && !plain && !outward.includes(brk)) outward.push(brk)
  // What the loop changes: named variables, flags that leave it, and for do-while whether it is the first time.
  const carried: Variable[] = outward.map(e => e.flag)
  for (const found of changedBy(L, [body, ...(update ? [update] : []), ...(test ? [test] : [])])) {
    if (!carried.includes(found)) carried.push(found)
  }
  const result = frame.result
  if (result && outward.some(e => e.kind === 'return')) {
    if (!L.env.has(result.key)) L.declareEmpty(result)
    carried.push(result)
  }
  for (const v of carried) if (!L.env.has(v.key)) L.declareEmpty(v)
  const first: Variable | undefined = atLeastOnce ? L.variable('#first', false) : undefined
  if (first) {
    L.env.set(first.key, L.bool(true))
    carried.push(first)
  }
  const kinds = carried.map(v => L.kindOf(v))
  const init = carried.map((v, i) => L.convert(L.env.get(v.key)!, kinds[i], node).v)
  const before = L.env
  const enter = (values: Value[]) => {
    L.env = new Map(before)
    for (const [i, v] of carried.entries()) L.env.set(v.key, { v: values[i], k: kinds[i] })
  }
  L.loops++
  const outs = L.b.loop(
    init,
    values => {
      enter(values)
      const stop = anySet(L, outward)
      let go = stop ? L.b.not(stop) : L.b.const('i1', true)
      const holds = () => (plain ? { v: L.truth(lowerExpression(L, plain), plain), k: 'bool' as const } : L.bool(true))
      if (plain) {
        const checked = () =>
          first ? L.alternatives(L.env.get(first.key)!.v, () => L.bool(true), holds, plain)! : holds()
        go = stop ? L.alternatives(go, checked, () => L.bool(false), plain)!.v : checked().v
      }
      return go
    },
    values => {
      enter(values)
      // The test holds, so none of these is set.
      for (const e of outward) L.env.set(e.flag.key, L.bool(false))
      L.env.set(next.flag.key, L.bool(false))
      if (first) L.env.set(first.key, L.bool(false))
      const run = () => {
        lowerBody(L, body)
        if (!update) return
        // Where the loop was left the update must not run, unless nobody can see what it changes afterwards.
        const stop = anySet(L, outward)
        const unseen = [...assignedIn([update])].every(name => {
          const found = L.lookup(name)
          return found?.is === 'variable' && mine.has(found)
        })
        const step = () => (effect(L, update), undefined)
        if (stop && !(unseen && isStep(update))) L.alternatives(L.b.not(stop), step, () => undefined, update)
        else step()
      }
      if (test && !plain) {
        const holds = () => L.truth(lowerExpression(L, test), test)
        const check = () => {
          L.alternatives(
            holds(),
            () => undefined,
            () => (L.env.set(brk.flag.key, L.bool(true)), undefined),
            test,
          )
          L.alternatives(
            L.b.not(L.env.get(brk.flag.key)!.v),
            () => (run(), undefined),
            () => undefined,
            body,
          )
        }
        if (first) {
          run()
          const left = anySet(L, outward)
          const again = () => {
            L.alternatives(
              holds(),
              () => undefined,
              () => (L.env.set(brk.flag.key, L.bool(true)), undefined),
              test,
            )
            return undefined
          }
          if (left) L.alternatives(L.b.not(left), again, () => undefined, test)
          else again()
        } else check()
      } else run()
      return carried.map((v, i) => L.convert(L.env.get(v.key)!, kinds[i], node).v)
    },
    carried.map(v => v.name),
  )
  L.loops--
  frame.exits.pop()
  frame.exits.pop()
  L.env = before
  for (const [i, v] of carried.entries()) L.env.set(v.key, { v: outs[i], k: kinds[i] })
  if (first) L.env.delete(first.key)
}

/** An update without effect beyond its variables: it may run once more than JavaScript would run it. */
function isStep(node: Tree): boolean {
  let step = true
  visit(node, n => {
    if (n.type === 'CallExpression' || n.type === 'MemberExpression') step = false
  })
  return step
}

function choose(L: Lowering, node: Tree): void {
  // switch as a chain: `matched` stays set once a case matched, so control falls through as in JavaScript.
  const on = lowerExpression(L, node.discriminant)
  const value: Variable = L.variable('#switch', false)
  L.env.set(value.key, on)
  const exit: Exit = { ...L.flag('break'), loop: true }
  L.frame.exits.push(exit)
  const matched = L.variable('#matched', false)
  L.env.set(matched.key, L.bool(false))
  const cases = node.cases as Tree[]
  const last = cases.findIndex(c => !c.test)
  if (last !== -1 && last !== cases.length - 1)
    L.unsupported(cases[last], 'default before other cases', 'Write default last.')
  L.inScope(() => {
    for (const c of cases) {
      if (c.test) {
        const test: Tree = c.test
        const before = L.env.get(matched.key)!.v
        const same = () => ({ v: equalTo(L, L.read(value), test, node), k: 'bool' as const })
        const now = L.alternatives(before, () => L.bool(true), same, test)!
        L.env.set(matched.key, now)
      } else L.env.set(matched.key, L.bool(true))
      const stop = anySet(L, L.frame.exits)!
      const run = L.b.and(L.env.get(matched.key)!.v, L.b.not(stop))
      L.alternatives(
        run,
        () => (lowerList(L, c.consequent), undefined),
        () => undefined,
        c,
      )
    }
  })
  L.frame.exits.splice(L.frame.exits.indexOf(exit), 1)
}

function equalTo(L: Lowering, t: Typed, test: Tree, node: Tree): Value {
  L.env.set('#left', t)
  const left: Variable = { is: 'variable', name: '#left', key: '#left', mutable: false }
  return L.inScope(() => {
    L.bind('#left', left)
    const id = { type: 'Identifier', name: '#left', start: node.start, end: node.end, loc: node.loc } as Tree
    const compare = { ...test, type: 'BinaryExpression', operator: '===', left: id, right: test } as Tree
    return lowerExpression(L, compare).v
  })
}

/** Lowers a helper at one call: its parameters are bound to the arguments; its value, if any, is returned. */
export function lowerFunction(L: Lowering, fn: FunctionRef, node: Tree): Typed | undefined {
  const args = node.arguments as Tree[]
  if (args.length > fn.params.length) {
    L.mistyped(node, `'${fn.name}' is called with ${args.length} arguments`, `It has ${fn.params.length} parameters.`)
  }
  // Arguments are lowered where the call stands; arrays and functions are passed by name.
  const given = fn.params.map((_, i) => {
    const a = args[i]
    if (!a) return undefined
    if (a.type === 'ArrowFunctionExpression' || a.type === 'FunctionExpression') return functionRef(L, 'a function', a)
    return L.resolveAny(a) ?? ({ is: 'typed', t: lowerExpression(L, a) } as const)
  })
  const outer = L.frame
  const frame: Frame = {
    unit: fn.unit,
    path: `${outer.path}/${fn.name}@${node.start}#${L.calls++}`,
    result: undefined,
    exits: [],
    declared: 0,
  }
  L.inlining.push(fn.body)
  L.frame = frame
  const names = L.assignedNames
  L.assignedNames = assignedIn([fn.body])
  try {
    return L.inScope(() => {
      fn.params.forEach((p, i) => bindParameter(L, fn, p, given[i], node))
      if (fn.body.type !== 'BlockStatement') {
        if (isVoid(fn.body)) return effect(L, fn.body), undefined
        return fn.body.type === 'CallExpression' ? lowerCall(L, fn.body) : lowerExpression(L, fn.body)
      }
      const exit = L.flag('return')
      frame.exits.push(exit)
      if (!returnsValue(fn.body)) {
        hoistVars(L, fn.body)
        lowerBody(L, fn.body)
        return undefined
      }
      const result = L.variable('#result', true)
      frame.result = result
      frame.give = t => t
      const list = fn.body.body as Tree[]
      const tail = list[list.length - 1]
      // The usual shape: statements, then one return. No flag, and a weak value may stay weak.
      if (
        tail?.type === 'ReturnStatement' &&
        tail.argument &&
        !isVoid(tail.argument) &&
        !list.slice(0, -1).some(s => exitsIn(L, s).length)
      ) {
        return L.inScope(() => {
          hoistVars(L, fn.body)
          lowerList(L, list.slice(0, -1))
          return lowerExpression(L, tail.argument)
        })
      }
      L.declareEmpty(result)
      hoistVars(L, fn.body)
      lowerBody(L, fn.body)
      if (!alwaysReturns(fn.body))
        L.unsupported(fn.body, `not every path of '${fn.name}' returns a value`, 'End it with a return.')
      return L.read(result)
    }, fn.scope)
  } finally {
    L.frame = outer
    L.assignedNames = names
    L.inlining.pop()
  }
}

function bindParameter(L: Lowering, fn: FunctionRef, p: Tree, given: any, node: Tree): void {
  let id = p
  if (p.type === 'AssignmentPattern') {
    id = p.left
    given ??= { is: 'typed', t: lowerExpression(L, p.right) }
  }
  if (id.type !== 'Identifier') L.unsupported(id, `a destructured parameter of '${fn.name}'`, 'Name the parameters.')
  if (!given)
    L.mistyped(
      node,
      `'${fn.name}' is called without its argument '${id.name}'`,
      `It has ${fn.params.length} parameters.`,
    )
  if (given.is !== 'typed') return L.bind(id.name, given)
  const variable = L.variable(id.name, L.assignedNames.has(id.name))
  L.bind(id.name, variable)
  L.assign(variable, given.t, node)
}

export function lowerKernelBody(L: Lowering, body: Tree): void {
  if (body.type === 'BlockStatement') hoistVars(L, body)
  lowerBody(L, body)
}
