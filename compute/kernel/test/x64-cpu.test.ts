import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { chooseIsa, cpu, type Feature, readCpu } from '../src/x64/run/cpu.ts'
import { CodePages, mappedBytes } from '../src/x64/run/pages.ts'
import { reasonElsewhere, system, systemRefusal } from '../src/x64/run/system.ts'

const reason = systemRefusal()
const skip = reason === undefined ? false : `no machine code here: ${reason}`

test('what the CPU says of itself is what the system says of it', { skip }, () => {
  const { features, brand, caches } = cpu()
  const info = readFileSync('/proc/cpuinfo', 'utf8')
  const flags = new Set(/^flags\s*:(.*)$/m.exec(info)![1].trim().split(' '))
  const names: { readonly [name: string]: string } = {
    lzcnt: 'abm',
    avxvnni: 'avx_vnni',
    avx512vbmi2: 'avx512_vbmi2',
    avx512vnni: 'avx512_vnni',
    avx512bf16: 'avx512_bf16',
    avx512fp16: 'avx512_fp16',
  }
  const known: Feature[] = ['avx2', 'fma', 'f16c', 'bmi1', 'bmi2', 'lzcnt', 'popcnt', 'avxvnni', 'avx512f']
  known.push('avx512dq', 'avx512ifma', 'avx512bw', 'avx512vl', 'avx512vbmi', 'avx512vbmi2', 'avx512vnni')
  known.push('avx512bf16', 'avx512fp16')
  for (const name of known) assert.equal(features.has(name), flags.has(names[name] ?? name), name)
  assert.equal(brand, /^model name\s*:\s*(.*)$/m.exec(info)![1])
  for (const { level, bytes, lineBytes } of caches) assert.ok(level > 0 && bytes >= 4096 && lineBytes >= 32)
})

/** A CPU that has every bit of the leaves up to 7, and saves what it is told to. */
const everything = (saved: number) =>
  readCpu(
    leaf => {
      if (leaf === 0) return [7, 0x756e6547, 0x6c65746e, 0x49656e69]
      if (leaf === 0x80000000) return [0x80000001 | 0, 0, 0, 0]
      if (leaf === 4) return [0, 0, 0, 0]
      return [-1, -1, -1, -1]
    },
    () => saved,
  )

test('registers that the system does not save are not used', () => {
  const all = everything(0xe7)
  assert.equal(all.vendor, 'GenuineIntel')
  assert.equal(all.isa, 'avx512')
  assert.ok(all.features.has('avx512fp16'))
  const half = everything(0x07)
  assert.equal(half.isa, 'avx2')
  assert.ok(!half.features.has('avx512f'))
  const none = everything(0x03)
  assert.equal(none.isa, undefined)
  assert.deepEqual(none.lacks, ['avx2', 'fma', 'f16c'])
  assert.ok(none.features.has('bmi2'))
})

test('a CPU without what all code needs is refused by name, and SKEIN_ISA narrows', () => {
  const old = { isa: undefined, lacks: ['avx2', 'fma'] as Feature[], brand: 'Pentium' }
  assert.deepEqual(chooseIsa(old, undefined), { refusal: 'the CPU (Pentium), or the system, has no avx2, fma' })
  const wide = { isa: 'avx512', lacks: [], brand: 'EPYC' } as const
  assert.deepEqual(chooseIsa(wide, ''), { isa: 'avx512' })
  assert.deepEqual(chooseIsa(wide, 'avx2'), { isa: 'avx2' })
  assert.match(JSON.stringify(chooseIsa(wide, 'sse')), /SKEIN_ISA is avx2 or avx512, but it is sse/)
  assert.match(JSON.stringify(chooseIsa({ ...wide, isa: 'avx2' }, 'avx512')), /has no avx512f/)
})

test('other machines are told what they lack', () => {
  const versions = { node: '26.10.0' }
  const reason = (platform: string, arch = 'x64', more = {}) =>
    reasonElsewhere({ platform, arch, versions: { ...versions, ...more } })
  assert.equal(reason('linux'), undefined)
  assert.match(reason('linux', 'arm64')!, /no x86-64 \(arm64\)/)
  assert.match(reason('darwin')!, /macOS needs/)
  assert.match(reason('win32')!, /Windows passes/)
  assert.match(reason('freebsd')!, /nobody has tried it on freebsd/)
  assert.match(reason('linux', 'x64', { bun: '1.3.0' })!, /nobody has tried it on bun/)
})

test('koffi is loaded when first asked for, where node:ffi is not', { skip }, () => {
  const url = JSON.stringify(new URL('../src/x64/run/cpu.ts', import.meta.url).href)
  const text = `import { refusal } from ${url}; import { foreign } from '@skein/team/native'
    const loaded = () => process.report.getReport().sharedObjects.some(name => name.includes('koffi'))
    const before = loaded(); refusal(); console.log(before, loaded() === (foreign().name === 'koffi'))`
  for (const SKEIN_FFI of ['', 'koffi']) {
    const env = { ...process.env, SKEIN_FFI }
    const cwd = import.meta.dirname
    const told = execFileSync(process.execPath, ['--input-type=module', '-e', text], { cwd, encoding: 'utf8', env })
    assert.equal(told, 'false true\n')
  }
})

const answer = Uint8Array.of(0xb8, 42, 0, 0, 0, 0xc3) // mov eax, 42; ret

test('code pages are never writable and executable at once', { skip }, () => {
  using pages = new CodePages(answer)
  const line = (): string => {
    const lines = readFileSync('/proc/self/maps', 'utf8').split('\n')
    return lines.find(text => {
      const [from, to] = text.split(/[- ]/).map(part => Number.parseInt(part, 16))
      return from <= pages.address && pages.address < to
    })!
  }
  assert.match(line(), / r-xp /)
  const bytes = new Uint8Array(system().view(pages.address, pages.bytes).slice(0))
  assert.deepEqual(bytes.subarray(0, 6), answer)
  assert.ok(bytes.subarray(6).every(byte => byte === 0xcc))
})

test('ten thousand programs made and freed leave nothing behind', { skip }, () => {
  const before = mappedBytes()
  // Not the engine's, which come and go with its garbage.
  const maps = (): number => readFileSync('/proc/self/maps', 'utf8').match(/ r-xp 0+ 00:00 0 *$/gm)?.length ?? 0
  const lines = maps()
  const few: CodePages[] = []
  for (let k = 0; k < 10_000; k++) {
    few.push(new CodePages(answer))
    if (few.length > 100) few.shift()!.dispose()
  }
  assert.equal(mappedBytes(), before + 100 * system().pageBytes)
  for (const pages of few) pages.dispose()
  assert.equal(mappedBytes(), before)
  assert.equal(maps(), lines, 'as many mappings as before')
})

test('pages that a call holds are freed when it is over', { skip }, () => {
  const before = mappedBytes()
  const pages = new CodePages(answer)
  pages.hold()
  pages.dispose()
  pages.dispose()
  assert.equal(mappedBytes(), before + pages.bytes)
  assert.ok(pages.has(pages.address + 5) && !pages.has(pages.address + pages.bytes))
  pages.release()
  assert.equal(mappedBytes(), before)
  assert.throws(() => pages.release(), { name: 'InternalError' })
  assert.throws(() => pages.hold(), { name: 'InternalError' })
})
