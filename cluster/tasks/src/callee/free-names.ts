/**
 * Names that a function uses and does not define: what would be missing if only its text arrived somewhere. One walk over the
 * tree, with a scope per function and block; declarations are hoisted before the names in a scope are looked up.
 */

import type { Node } from 'acorn'

/** A node of the tree. ESTree's names; loosely typed because the walk dispatches on `type`. */
export type Tree = Node & { [key: string]: any }

export interface FreeName {
  readonly name: string
  /** Where it is first used. */
  readonly start: number
  /** It is assigned somewhere. */
  assigned: boolean
}

interface Scope {
  readonly names: Set<string>
  readonly parent: Scope | undefined
}

export function freeNames(tree: Tree): FreeName[] {
  const free = new Map<string, FreeName>()
  walk(tree, { names: new Set(), parent: undefined })
  return [...free.values()]

  function use(name: string, start: number, scope: Scope, assigned: boolean): void {
    for (let at: Scope | undefined = scope; at; at = at.parent) if (at.names.has(name)) return
    const known = free.get(name)
    if (known) known.assigned ||= assigned
    else free.set(name, { name, start, assigned })
  }

  function walk(node: Tree, scope: Scope): void {
    switch (node.type) {
      case 'Identifier':
        return use(node.name, node.start, scope, false)
      case 'ThisExpression':
        return use('this', node.start, scope, false)
      case 'Super':
        return use('super', node.start, scope, false)
      case 'ImportExpression':
        use('import', node.start, scope, false)
        return walk(node.source, scope)
      case 'MetaProperty':
        return node.meta.name === 'import' ? use('import', node.start, scope, false) : undefined
      case 'ArrowFunctionExpression':
      case 'FunctionExpression':
      case 'FunctionDeclaration':
        return walkFunction(node, scope)
      case 'ClassExpression':
      case 'ClassDeclaration':
        return walkClass(node, scope)
      case 'MemberExpression':
        walk(node.object, scope)
        if (node.computed) walk(node.property, scope)
        return
      case 'Property':
        if (node.computed) walk(node.key, scope)
        return walk(node.value, scope)
      case 'LabeledStatement':
        return walk(node.body, scope)
      case 'BreakStatement':
      case 'ContinueStatement':
        return
      case 'AssignmentExpression':
      case 'ForInStatement':
      case 'ForOfStatement':
        return walkAssigning(node, scope)
      case 'UpdateExpression':
        return assign(node.argument, scope)
      case 'VariableDeclarator':
        defaultsOf(node.id, scope)
        if (node.init) walk(node.init, scope)
        return
      case 'CatchClause': {
        const inner = block(scope)
        if (node.param) {
          declarePattern(node.param, inner)
          defaultsOf(node.param, inner)
        }
        return walkBody(node.body, inner)
      }
      case 'BlockStatement':
        return walkBody(node, block(scope))
      case 'StaticBlock': {
        const inner = block(scope)
        for (const statement of node.body) declareVars(statement, inner)
        return walkBody(node, inner)
      }
      case 'SwitchStatement': {
        walk(node.discriminant, scope)
        const inner = block(scope)
        for (const part of node.cases) for (const statement of part.consequent) declareLexical(statement, inner)
        for (const part of node.cases) walk(part, inner)
        return
      }
      case 'ForStatement': {
        const inner = block(scope)
        if (node.init) declareLexical(node.init, inner)
        return eachChild(node, child => walk(child, inner))
      }
    }
    eachChild(node, child => walk(child, scope))
  }

  function walkFunction(node: Tree, outer: Scope): void {
    const own = block(outer)
    if (node.type !== 'ArrowFunctionExpression') for (const name of ['arguments', 'this', 'super']) own.names.add(name)
    if (node.type === 'FunctionExpression' && node.id) own.names.add(node.id.name)
    for (const param of node.params) declarePattern(param, own)
    for (const param of node.params) defaultsOf(param, own)
    if (node.body.type !== 'BlockStatement') return walk(node.body, own)
    declareVars(node.body, own)
    walkBody(node.body, own)
  }

  function walkClass(node: Tree, outer: Scope): void {
    const own = block(outer, node.id ? [node.id.name] : [])
    if (node.superClass) walk(node.superClass, own)
    for (const member of node.body.body) {
      if (member.computed) walk(member.key, own)
      const inside = block(own, ['this', 'super', 'arguments'])
      if (member.type === 'StaticBlock') walk(member, inside)
      else if (member.value) walk(member.value, inside)
    }
  }

  function walkBody(node: Tree, scope: Scope): void {
    for (const statement of node.body) declareLexical(statement, scope)
    for (const statement of node.body) walk(statement, scope)
  }

  /** `a = b`, `for (a of b)`: what stands on the left is written, unless it is declared there. */
  function walkAssigning(node: Tree, scope: Scope): void {
    if (node.type === 'AssignmentExpression') {
      assign(node.left, scope)
      return walk(node.right, scope)
    }
    const inner = block(scope)
    declareLexical(node.left, inner)
    if (node.left.type === 'VariableDeclaration') walk(node.left, inner)
    else assign(node.left, inner)
    walk(node.right, inner)
    walk(node.body, inner)
  }

  /** The targets of an assignment. */
  function assign(pattern: Tree, scope: Scope): void {
    if (pattern.type === 'Identifier') return use(pattern.name, pattern.start, scope, true)
    if (pattern.type === 'MemberExpression') return walk(pattern, scope)
    eachPart(pattern, part => assign(part, scope))
    defaultsOf(pattern, scope)
  }

  /** What a pattern evaluates: default values and computed keys. */
  function defaultsOf(pattern: Tree, scope: Scope): void {
    if (pattern.type === 'AssignmentPattern') walk(pattern.right, scope)
    if (pattern.type === 'ObjectPattern')
      for (const property of pattern.properties) if (property.computed) walk(property.key, scope)
    eachPart(pattern, part => defaultsOf(part, scope))
  }
}

const block = (parent: Scope, names: readonly string[] = []): Scope => ({ names: new Set(names), parent })

/** The parts of a destructuring pattern, down to names. */
function eachPart(pattern: Tree, f: (part: Tree) => void): void {
  switch (pattern.type) {
    case 'ArrayPattern':
      for (const element of pattern.elements) if (element) f(element)
      return
    case 'ObjectPattern':
      for (const property of pattern.properties) f(property.type === 'Property' ? property.value : property)
      return
    case 'AssignmentPattern':
      return f(pattern.left)
    case 'RestElement':
      return f(pattern.argument)
  }
}

function declarePattern(pattern: Tree, scope: Scope): void {
  if (pattern.type === 'Identifier') scope.names.add(pattern.name)
  else eachPart(pattern, part => declarePattern(part, scope))
}

/** `let`, `const`, `class` and `function` belong to the block they stand in. */
function declareLexical(statement: Tree, scope: Scope): void {
  if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
    scope.names.add(statement.id.name)
  } else if (statement.type === 'VariableDeclaration' && statement.kind !== 'var') {
    for (const { id } of statement.declarations) declarePattern(id, scope)
  }
}

/** `var` belongs to the function, however deep in its blocks it stands. */
function declareVars(node: Tree, scope: Scope): void {
  if (/Function|Class/.test(node.type)) return
  if (node.type === 'VariableDeclaration' && node.kind === 'var') {
    for (const { id } of node.declarations) declarePattern(id, scope)
  }
  eachChild(node, child => declareVars(child, scope))
}

function eachChild(node: Tree, f: (child: Tree) => void): void {
  for (const key in node) {
    const child = node[key]
    if (Array.isArray(child)) {
      for (const one of child) if (one && typeof one.type === 'string') f(one)
    } else if (child && typeof child.type === 'string') f(child)
  }
}
