import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const known = new URL('../src/known-imports.mjs', import.meta.url).href
const index = new URL('../src/index.ts', import.meta.url).href

/** What a program prints that counts the imports which Node itself is asked to find. */
function run(body: string, ...flags: string[]): unknown {
  const program = `
    import { registerHooks } from 'node:module'
    let asked = 0
    registerHooks({ resolve: (specifier, context, next) => (specifier[0] === '.' && asked++, next(specifier, context)) })
    const { knowImports } = await import(${JSON.stringify(known)})
    ${body}`
  const done = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', program], { encoding: 'utf8' })
  assert.equal(done.stderr, '')
  return JSON.parse(done.stdout)
}

const load = `
  asked = 0
  const forget = knowImports([${JSON.stringify(index)}])
  const first = await import(${JSON.stringify(index)})
  const during = asked
  forget()
  const again = await import(${JSON.stringify(index)} + '?again')
  console.log(JSON.stringify({ during, after: asked - during, isSame: first.SkeinError === again.SkeinError }))`

test('imports among known modules are found without Node, as the same modules that it finds', () => {
  const { during, after, isSame } = run(load) as { during: number; after: number; isSame: boolean }
  assert.equal(during, 0)
  assert.ok(after > 5)
  assert.equal(isSame, true)
})

test('where others take part in finding modules, they are asked for each', () => {
  const { during, isSame } = run(load, '--import', 'data:text/javascript,') as { during: number; isSame: boolean }
  assert.ok(during > 5)
  assert.equal(isSame, true)
})
