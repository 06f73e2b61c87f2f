import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { addressOf } from '../src/x64/run/addresses.ts'
import { faultError } from '../src/x64/run/faults.ts'
import { processGates } from '../src/x64/run/gates.ts'
import { skip, testCode } from './x64-code.ts'

const call = (name: string, args = 0, begin = 0, end = 0, place = 0): number =>
  processGates().mine.call(testCode().addresses[name], args, begin, end, place)

test('arguments arrive and the status comes back', { skip }, () => {
  const word = Int32Array.of(1000)
  assert.equal(call('sum', addressOf(word), 3, 50, 2), 1000 + 3 + 100 + 8)
  assert.equal(call('sum', addressOf(word), -3, -(2 ** 30), 0), (1000 - 3 - 2 ** 31) | 0)
})

test('code reaches any array at its address', { skip }, () => {
  const buffer = new ArrayBuffer(64, { maxByteLength: 4096 })
  const memory = new WebAssembly.Memory({ initial: 1 })
  const arrays = [
    new Int32Array(1),
    new Int32Array(10_000).subarray(9_000),
    new Int32Array(new SharedArrayBuffer(64), 32),
    new Int32Array(buffer),
    new Int32Array(memory.buffer, 100),
    new Int32Array(Buffer.alloc(64).buffer, 8, 1),
  ]
  for (const array of arrays) {
    array[0] = 41
    assert.equal(call('mark', addressOf(array), 0, 1), 0)
    assert.equal(array[0], 42)
  }
  const before = addressOf(arrays[3])
  buffer.resize(4096)
  assert.equal(addressOf(arrays[3]), before, 'what grows stays')
  arrays[3][1000] = 1
  call('mark', addressOf(arrays[3]), 1000, 1001)
  assert.equal(arrays[3][1000], 2)
  assert.equal(addressOf(new Uint8Array(buffer, 8)), before + 8)
})

test('what is not there any more has no address', { skip }, () => {
  const x = new Int32Array(100)
  assert.ok(addressOf(x) > 0)
  structuredClone(x, { transfer: [x.buffer] })
  assert.equal(addressOf(x), 0)
  const buffer = new ArrayBuffer(64, { maxByteLength: 128 })
  const tail = new Int32Array(buffer, 32, 8)
  assert.ok(addressOf(tail) > 0)
  buffer.resize(16)
  assert.equal(addressOf(tail), 0)
  const memory = new WebAssembly.Memory({ initial: 1 })
  const old = new Int32Array(memory.buffer)
  assert.ok(addressOf(old) > 0)
  memory.grow(1)
  assert.equal(addressOf(old), 0)
  assert.equal(addressOf(new Float64Array(0)), 0)
})

const code = () => {
  const { pages, listing } = testCode()
  const lines = listing.map(line => ({ ...line, loc: { line: 2, column: 0, start: 0, end: 0 } }))
  const source = ['(i, x, y) => {', '  x[i] = y[i]', '}']
  return { name: 'copy', address: pages.address, bytes: pages.bytes, listing: () => lines, source }
}

test('a fault is an error that tells the instruction, the line and the registers', { skip }, () => {
  const status = call('reads', 0x40, 5, 6, 7)
  const error = faultError(processGates(), status, code())!
  assert.equal(error.name, 'InternalError')
  assert.match(error.message, /the machine code of copy never faults/)
  assert.match(error.message, /SIGSEGV: memory that is not there, or not to be written, at 0x40/)
  assert.match(error.message, /at byte 0x[0-9a-f]+ of 0x1000, mov rax, QWORD PTR \[rdi\]/)
  assert.match(error.message, /in line 2: x\[i\] = y\[i\]/)
  assert.match(error.message, /rdi 0x40,.* rbx 0x100, rdx 0x6/)
  assert.equal(faultError(processGates(), 0, code()), undefined)
  assert.equal(faultError(processGates(), 12, code()), undefined)
  // The thread is as it was.
  assert.equal(call('empty'), 0)
})

test('every kind of fault comes back', { skip }, () => {
  const said = (name: string): string => faultError(processGates(), call(name, 8), code())!.message
  for (let round = 0; round < 3; round++) {
    assert.match(said('divides'), /SIGFPE.*\n.*idiv ecx/)
    assert.match(said('illegal'), /SIGILL.*\n.*ud2/)
    assert.match(said('padding'), /SIGTRAP.*\n.*int3/)
    assert.match(said('astray'), /SIGSEGV.* at 0x10\n.*at 0x10, outside of its code/)
    // An address that no memory can have is not told by the system.
    assert.match(faultError(processGates(), call('reads', 2 ** 62), code())!.message, /SIGSEGV[^\n]*written\n/)
  }
})

const here = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href)
const preamble = `import { processGates } from ${here('../src/x64/run/gates.ts')}
  import { testCode } from ${here('./x64-code.ts')}
  const gates = processGates(); const { addresses } = testCode()
  const call = (name, args = 0) => gates.mine.call(addresses[name], args, 0, 0, 0);\n`

const run = (text: string) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', preamble + text], {
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })

test('the engine still has its own traps', { skip }, () => {
  processGates()
  // (module (memory 1) (func (export "f") (param i32) (result i32) (i32.load (local.get 0))))
  const bytes = new Uint8Array(
    Buffer.from('0061736d0100000001060160017f017f03020100050301000107050101660000' + '0a0901070020002802000b', 'hex'),
  )
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { f: (at: number) => number }
  assert.equal(f(0), 0)
  assert.throws(() => f(-4), WebAssembly.RuntimeError)
  assert.ok(call('reads', 8) < 0)
  assert.throws(() => f(-4), WebAssembly.RuntimeError)
})

test('what is no fault of emitted code ends the process as ever', { skip }, () => {
  for (const signal of ['SIGSEGV', 'SIGFPE', 'SIGBUS', 'SIGILL']) {
    const sent = run(`process.kill(process.pid, '${signal}'); setInterval(() => {}, 1000)`)
    assert.equal(sent.signal, signal, sent.stderr)
  }
})

test('SIGURG from elsewhere does nothing, inside or outside', { skip }, () => {
  const text = `import { spawn } from 'node:child_process'
    process.kill(process.pid, 'SIGURG')
    const word = new Int32Array(new SharedArrayBuffer(4))
    const { addressOf } = await import(${here('../src/x64/run/addresses.ts')})
    // It waits inside for another that comes from here only after signals were sent.
    const { Worker } = await import('node:worker_threads')
    const other = new Worker(\`const { workerData, parentPort } = require('node:worker_threads')
      parentPort.postMessage('up')
      while (Atomics.load(workerData, 0) === 0);
      for (let k = 0; k < 20; k++) process.kill(process.pid, 'SIGURG')
      Atomics.add(workerData, 0, 1)\`, { eval: true, execArgv: [], workerData: word })
    await new Promise(resolve => other.once('message', resolve))
    console.log(call('meet', addressOf(word)), word[0])`
  const told = run(text)
  assert.equal(told.stdout, '0 2\n', told.stderr)
})

const listening = `
    import { createTeam } from ${here('../../../foundation/team/src/index.ts')}
    import { addressOf } from ${here('../src/x64/run/addresses.ts')}
    const told = async () => {
      const team = createTeam({ threads: 2 })
      const body = team.native({ functions: addresses, gates: gates.address })
      const word = new Int32Array(1)
      const controller = new AbortController()
      const options = { args: addressOf(word), begin: 0, end: 2, chunk: 1, graceMs: 1, signal: controller.signal }
      const ended = team.runAsync(body, 'endless', options).catch(({ name }) => name)
      // The code says by the word that it has begun.
      while (Atomics.load(word, 0) === 0) await new Promise(setImmediate)
      controller.abort()
      const faulted = gates.fault(call('reads', 0x40)).address
      const name = await ended
      await team.close()
      return [name, faulted].join(' ')
    }\n`

test("a program's listeners of signals, whenever they come and go, hear what others send, and faults and broken-off calls are as ever", {
  skip,
}, () => {
  const said = 'CancelledError 64\n'
  const text = (signal: string) => `${listening}
    let heard = 0
    const listener = () => { heard++ }
    console.log(await told())
    process.on('${signal}', listener)
    console.log(await told())
    const before = heard
    process.kill(process.pid, '${signal}')
    while (heard === before) await new Promise(setImmediate)
    process.off('${signal}', listener)
    console.log(await told())
    process.once('${signal}', listener)
    console.log(await told())`
  for (const signal of ['SIGURG', 'SIGSEGV', 'SIGTRAP']) {
    const { stdout, stderr } = run(text(signal))
    assert.equal(stdout, said.repeat(4), `${signal}: ${stderr}`)
  }
})

test('nor do they matter on a thread of a program whose main thread has no machine code', { skip }, () => {
  const { SKEIN_FFI: _, ...rest } = process.env
  const onThread = `${preamble}${listening}
    const { parentPort } = await import('node:worker_threads')
    parentPort.postMessage(await told())
    parentPort.once('message', async () => parentPort.postMessage(await told()))`
  const text = `const { Worker } = await import('node:worker_threads')
    const { once } = await import('node:events')
    const worker = new Worker(new URL('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(onThread))}))
    console.log((await once(worker, 'message'))[0])
    process.on('SIGURG', () => {})
    worker.postMessage('again')
    console.log((await once(worker, 'message'))[0])
    process.exit()`
  const options = { encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL', env: rest } as const
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', text], options)
  assert.equal(stdout, 'CancelledError 64\n'.repeat(2), stderr)
})

test('every thread has a gate of its own in the one table of the process', { skip }, async () => {
  const table = processGates().address
  assert.equal(processGates().mine.number, processGates().mine.number)
  const text = `${preamble}
    const { parentPort } = await import('node:worker_threads')
    for (let k = 0; k < 1000; k++) if (call('reads', 8) >= 0 || call('empty') !== 0) throw new Error('wrong status')
    parentPort.postMessage([gates.address, gates.mine.number])
    await new Promise(resolve => parentPort.once('message', resolve))`
  const round = async (): Promise<number[]> => {
    const url = new URL(`data:text/javascript,${encodeURIComponent(text)}`)
    const workers = Array.from({ length: 3 }, () => new Worker(url))
    const told = await Promise.all(workers.map(async worker => (await once(worker, 'message'))[0] as number[]))
    const exits = workers.map(worker => once(worker, 'exit'))
    for (const worker of workers) worker.postMessage('end')
    await Promise.all(exits)
    assert.deepEqual(
      told.map(([at]) => at),
      [table, table, table],
    )
    const numbers = told.map(([, number]) => number)
    assert.equal(new Set([...numbers, processGates().mine.number]).size, 4)
    return numbers
  }
  for (let k = 0; k < 2; k++) assert.ok((await round()).every(number => number < 20))
})

test('a thread that is terminated while it calls takes nobody with it', { skip }, async () => {
  const text = `${preamble}
    const { parentPort } = await import('node:worker_threads')
    call('empty')
    parentPort.postMessage('calls')
    for (;;) { call('empty'); call('reads', 8) }`
  const url = new URL(`data:text/javascript,${encodeURIComponent(text)}`)
  for (let k = 0; k < 5; k++) {
    const worker = new Worker(url)
    await once(worker, 'message')
    await worker.terminate()
    assert.equal(call('empty'), 0)
  }
})
