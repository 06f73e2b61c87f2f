import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

const source = new URL('../src/', import.meta.url)
const index = JSON.stringify(new URL('index.ts', source).href)

describe('where there is no Node', () => {
  it('no module imports one of its modules', () => {
    for (const name of readdirSync(source)) {
      const imports = readFileSync(new URL(name, source), 'utf8').match(/^import .*node:.*$/gm)
      assert.equal(imports, null, name)
    }
  })

  it('everything loads and works, with less to tell', () => {
    const script = `
      const { process: { stdout } } = globalThis
      delete globalThis.process.getBuiltinModule
      Object.defineProperty(globalThis, 'process', { value: undefined })
      const { asyncSnapshot, asyncStorage, machine, probeEngines, Random, span, tracer, ArgumentError, SkeinError } = await import(${index})
      tracer.start()
      span('outer', () => span('inner', () => {}))
      const spans = (await tracer.stop()).traceEvents.filter(event => event.ph === 'X')
      const engines = await probeEngines()
      const { name } = machine().runtime
      const [a, b] = [asyncStorage(), asyncStorage()]
      const stored = a.run(1, () => b.run(2, asyncSnapshot))(() => [a.getStore(), a.run(3, () => [a.getStore(), b.getStore()])])
      const back = SkeinError.revive(new ArgumentError('f', 'x', 'a number', 'y').toJSON())
      stdout.write(JSON.stringify({
        name,
        threads: machine().cpu.usableCores > 0,
        simd: machine().runtime.wasm.simd,
        nested: spans.find(s => s.name === 'inner').args.parentId === spans.find(s => s.name === 'outer').args.spanId,
        present: engines.filter(engine => engine.present).map(engine => engine.name),
        random: new Random(1).uniform(),
        stored: [stored, a.getStore() ?? 'none'],
        error: back instanceof ArgumentError,
      }))`
    const told = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    assert.deepEqual(JSON.parse(told), {
      name: 'browser',
      threads: true,
      simd: true,
      nested: true,
      present: [],
      random: 0.8902591757080309,
      stored: [[1, [3, 2]], 'none'],
      error: true,
    })
  })
})
