import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { groupLimits } from '../src/cgroup.ts'
import { affinityCores, cachesOf, physicalCores, simdOf } from '../src/cpu.ts'
import { describeMachine, machine, usableCores } from '../src/machine.ts'
import { countList, type SystemFiles } from '../src/system-files.ts'
import { probeWasm } from '../src/wasm-features.ts'

/** A file system of a few files; folders are what the paths imply. */
const filesOf = (files: { [path: string]: string }): SystemFiles => ({
  read: path => files[path],
  list: folder => {
    const inside = Object.keys(files).filter(path => path.startsWith(`${folder}/`))
    return [...new Set(inside.map(path => path.slice(folder.length + 1).split('/')[0]!))].sort()
  },
})

const v2Mount = '30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate'

describe('limits of control groups', () => {
  const cases: [what: string, files: { [path: string]: string }, expected: object][] = [
    ['no control groups at all', {}, {}],
    [
      'version 2 in a container that sees only its own group',
      {
        '/proc/self/cgroup': '0::/\n',
        '/proc/self/mountinfo': v2Mount,
        '/sys/fs/cgroup/cpu.max': '150000 100000\n',
        '/sys/fs/cgroup/memory.max': '1073741824\n',
        '/sys/fs/cgroup/memory.current': '500000000\n',
        '/sys/fs/cgroup/memory.stat': 'anon 1\ninactive_file 100000000\nactive_file 5\n',
      },
      { cpuCores: 1.5, memoryBytes: 1073741824, memoryFreeBytes: 673741824 },
    ],
    [
      'version 2: the least of the groups on the way up counts',
      {
        '/proc/self/cgroup': '0::/user.slice/job\n',
        '/proc/self/mountinfo': v2Mount,
        '/sys/fs/cgroup/user.slice/job/cpu.max': 'max 100000\n',
        '/sys/fs/cgroup/user.slice/cpu.max': '400000 100000\n',
        '/sys/fs/cgroup/user.slice/job/memory.max': '4096000\n',
        '/sys/fs/cgroup/user.slice/memory.max': 'max\n',
      },
      { cpuCores: 4, memoryBytes: 4096000 },
    ],
    [
      'version 2 without a readable mount table',
      { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '50000 100000' },
      { cpuCores: 0.5 },
    ],
    [
      'version 1 in a container: the mount root is the host path of the group',
      {
        '/proc/self/cgroup': '5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n',
        '/proc/self/mountinfo':
          '40 30 0:35 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n' +
          '41 30 0:36 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n',
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '200000\n',
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
        '/sys/fs/cgroup/memory/memory.limit_in_bytes': '536870912\n',
        '/sys/fs/cgroup/memory/memory.usage_in_bytes': '636870912\n',
        '/sys/fs/cgroup/memory/memory.stat': 'cache 9\ntotal_inactive_file 0\n',
      },
      { cpuCores: 2, memoryBytes: 536870912, memoryFreeBytes: 0 },
    ],
    [
      'version 1 without limits, beside an empty version 2',
      {
        '/proc/self/cgroup': '4:memory:/a/b\n1:cpu:/\n0::/\n',
        '/proc/self/mountinfo':
          '1 0 0:1 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n2 0 0:2 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n' +
          '3 0 0:3 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
        '/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes': '9223372036854771712\n',
      },
      {},
    ],
    ['files of nonsense', { '/proc/self/cgroup': '\0\n::', '/proc/self/mountinfo': 'x - y\n- - -' }, {}],
  ]
  for (const [what, files, expected] of cases) {
    it(what, () => assert.deepEqual(groupLimits(filesOf(files)), expected))
  }
})

describe('the processor', () => {
  const levels: [what: string, cpuinfo: string | undefined, arch: string, level: string, bits: number][] = [
    ['Skylake-X', 'flags\t\t: fpu sse2 sse4_2 avx avx2 fma avx512f avx512dq avx512bw avx512vl', 'x64', 'avx512', 512],
    ['Knights Landing lacks BW, DQ, VL', 'flags\t\t: sse2 sse4_2 avx avx2 fma avx512f avx512cd', 'x64', 'avx2', 256],
    ['Haswell', 'flags\t\t: sse2 sse4_2 avx avx2 fma', 'x64', 'avx2', 256],
    ['Sandy Bridge', 'flags\t\t: sse2 sse4_2 avx', 'x64', 'avx', 256],
    ['Nehalem', 'flags : sse2 sse4_2', 'x64', 'sse4.2', 128],
    ['Graviton 3', 'Features\t: fp asimd evtstrm aes sve bf16 i8mm', 'arm64', 'sve', 128],
    ['Apple, no cpuinfo', undefined, 'arm64', 'neon', 128],
    ['RISC-V with vectors', 'isa\t\t: rv64imafdcv_zicsr', 'riscv64', 'rvv', 128],
    ['Windows, no cpuinfo', undefined, 'x64', 'unknown', 0],
    ['nonsense', 'flags\0', 'x64', 'unknown', 0],
  ]
  for (const [what, cpuinfo, arch, level, bits] of levels) {
    it(`${what}: ${level}`, () => {
      const simd = simdOf(cpuinfo, arch)
      assert.deepEqual([simd.level, simd.bits], [level, bits])
    })
  }

  it('names the extensions', () => {
    assert.deepEqual(simdOf('flags : fpu smep avx2 fma sse2 avx512_vnni', 'x64').extensions, [
      'avx2',
      'avx512_vnni',
      'fma',
      'sse2',
    ])
  })

  it('counts lists, affinity and physical cores', () => {
    assert.deepEqual(['0', '0-3', '0-3,8,10-11', '', '\n', 'x-y'].map(countList), [1, 4, 7, 0, 0, 0])
    assert.equal(
      affinityCores(filesOf({ '/proc/self/status': 'Name:\tx\nCpus_allowed:\tf1\nCpus_allowed_list:\t0,4-7\n' })),
      5,
    )
    assert.equal(affinityCores(filesOf({})), undefined)
    const hyperthreads = [0, 1, 0, 1]
      .map((core, i) => `processor : ${i}\nphysical id : 0\ncore id : ${core}`)
      .join('\n\n')
    assert.equal(physicalCores(hyperthreads), 2)
    assert.equal(physicalCores(undefined), undefined)
  })

  it('reads caches', () => {
    const folder = '/sys/devices/system/cpu/cpu0/cache'
    const index = (
      n: number,
      level: number,
      type: string,
      size: string,
      shared: string,
    ): { [path: string]: string } => ({
      [`${folder}/index${n}/level`]: `${level}\n`,
      [`${folder}/index${n}/type`]: `${type}\n`,
      [`${folder}/index${n}/size`]: `${size}\n`,
      [`${folder}/index${n}/shared_cpu_list`]: `${shared}\n`,
      [`${folder}/index${n}/coherency_line_size`]: '64\n',
    })
    const files = filesOf({ ...index(3, 3, 'Unified', '32M', '0-15'), ...index(0, 1, 'Data', '48K', '0,8') })
    assert.deepEqual(cachesOf(files), [
      { level: 1, type: 'data', bytes: 49152, lineBytes: 64, sharedBy: 2 },
      { level: 3, type: 'unified', bytes: 33554432, lineBytes: 64, sharedBy: 16 },
    ])
  })

  it('rounds usable cores down, and leaves at least one', () => {
    assert.equal(usableCores(8, 6, 2.9), 2)
    assert.equal(usableCores(8, undefined, 0.5), 1)
    assert.equal(usableCores(8, 3), 3)
    assert.equal(usableCores(8), 8)
  })
})

describe('WebAssembly', () => {
  it('has on this Node what every Node from 22 on has', () => {
    const {
      simd,
      relaxedSimd,
      threads,
      bulkMemory,
      tailCall,
      multiValue,
      signExtension,
      saturatingConversion,
      extendedConst,
    } = probeWasm()
    const all = {
      simd,
      relaxedSimd,
      threads,
      bulkMemory,
      tailCall,
      multiValue,
      signExtension,
      saturatingConversion,
      extendedConst,
    }
    for (const [feature, present] of Object.entries(all)) assert.equal(present, true, feature)
  })

  it('is what the engine does: memory64 is present where a 64-bit memory can be made', () => {
    const make = (shared: boolean): boolean => {
      try {
        const wide = { address: 'i64', initial: 1n, ...(shared && { maximum: 1n, shared: true }) }
        return new WebAssembly.Memory(wide as unknown as WebAssembly.MemoryDescriptor).buffer.byteLength === 65536
      } catch {
        return false
      }
    }
    assert.equal(probeWasm().memory64, make(false))
    assert.equal(probeWasm().sharedMemory64, make(true))
  })
})

describe('machine()', () => {
  it('is plain data, described once', () => {
    assert.equal(machine(), machine())
    assert.deepEqual(JSON.parse(JSON.stringify(machine())), machine())
  })

  it('keeps its parts in order', () => {
    const { cpu, memory, runtime, system } = machine()
    assert.ok(cpu.usableCores >= 1 && cpu.usableCores <= Math.max(1, availableParallelism()))
    assert.ok(cpu.usableCores <= cpu.logicalCores)
    assert.ok(memory.availableBytes > 0 && memory.availableBytes <= memory.limitBytes)
    assert.ok(memory.limitBytes <= memory.totalBytes)
    assert.equal(runtime.version, process.versions.node)
    assert.equal(system.platform, process.platform)
  })

  it('survives a system that tells nothing', () => {
    const { cpu, memory, runtime } = describeMachine({ read: () => undefined, list: () => [] })
    assert.ok(cpu.usableCores >= 1)
    assert.deepEqual(cpu.caches, [])
    assert.ok(memory.availableBytes > 0)
    assert.equal(runtime.name, 'node')
  })

  it('is the same in a worker thread', async () => {
    const source = `import { machine } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
      import { parentPort } from 'node:worker_threads'
      parentPort.postMessage(machine())`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`))
    const seen = await new Promise<ReturnType<typeof machine>>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject)
    })
    await worker.terminate()
    assert.deepEqual(seen.cpu, machine().cpu)
    assert.deepEqual(seen.runtime, machine().runtime)
  })
})
