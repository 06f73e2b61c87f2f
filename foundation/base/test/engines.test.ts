import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Asker } from '../src/engine-entry.ts'
import { howToGet } from '../src/engines.ts'
import { engineNames, findLibrary, findProgram, probeEngines } from '../src/index.ts'
import { runProgram } from '../src/run-program.ts'

interface Fake {
  platform?: string
  libraries?: { [name: string]: string }
  /** What each program prints; 'hangs' and 'fails' are what they say. */
  programs?: { [name: string]: string }
}

const asker = ({ platform = 'linux', libraries = {}, programs = {} }: Fake): Asker => ({
  platform,
  root: false,
  program: names => names.find(name => name in programs),
  library: names => names.map(name => libraries[name]).find(path => path !== undefined),
  run: async file => {
    const told = programs[file]!
    if (told === 'hangs') return { status: null, stdout: '', stderr: '', timedOut: true }
    if (told === 'fails')
      return { status: 127, stdout: '', stderr: `${file}: cannot open shared object\n`, timedOut: false }
    return { status: 0, stdout: told, stderr: '', timedOut: false }
  },
})

const openMpi = 'mpirun (Open MPI) 4.1.4\n\nReport bugs to http://www.open-mpi.org/community/help/\n'
const mpich = 'HYDRA build details:\n    Version:                                 4.0.2\n    Release Date: x\n'
const twoGpus = 'NVIDIA H100 80GB HBM3, 550.54.15, 81559 MiB, 9.0\nNVIDIA L4, 550.54.15, 23034 MiB, 8.9\n'

const cases: [what: string, engine: string, fake: Fake, expected: object][] = [
  ['an empty machine has none', 'cuda', {}, { present: false }],
  [
    'GPUs are listed',
    'cuda',
    { libraries: { 'libcuda.so': '/lib/libcuda.so.1' }, programs: { 'nvidia-smi': twoGpus } },
    {
      present: true,
      version: '550.54.15',
      where: '/lib/libcuda.so.1',
      devices: [
        'NVIDIA H100 80GB HBM3, 81559 MiB, compute capability 9.0',
        'NVIDIA L4, 23034 MiB, compute capability 8.9',
      ],
    },
  ],
  [
    'a driver whose nvidia-smi hangs',
    'cuda',
    { libraries: { 'libcuda.so': '/lib/libcuda.so.1' }, programs: { 'nvidia-smi': 'hangs' } },
    { present: true, note: 'nvidia-smi did not answer in time' },
  ],
  [
    'a driver that does not match its kernel module',
    'cuda',
    { libraries: { 'libcuda.so': '/lib/libcuda.so.1' }, programs: { 'nvidia-smi': 'fails' } },
    { present: false, note: 'nvidia-smi: cannot open shared object' },
  ],
  ['a driver without nvidia-smi', 'cuda', { libraries: { 'libcuda.so': '/lib/libcuda.so.1' } }, { present: true }],
  [
    'Open MPI',
    'openmpi',
    { libraries: { 'libmpi.so.40': '/lib/libmpi.so.40.30.4' }, programs: { mpirun: openMpi } },
    { present: true, version: '4.1.4', where: '/lib/libmpi.so.40.30.4' },
  ],
  [
    'MPICH is not Open MPI',
    'openmpi',
    { libraries: { 'libmpi.so': '/lib/libmpi.so.12' }, programs: { mpirun: mpich } },
    { present: false },
  ],
  [
    'MPICH',
    'mpich',
    { libraries: { 'libmpich.so': '/lib/libmpich.so.12' }, programs: { mpirun: mpich } },
    { present: true, version: '4.0.2' },
  ],
  ['a launcher without its library', 'openmpi', { programs: { mpirun: openMpi } }, { present: false, where: 'mpirun' }],
  [
    'OpenBLAS by its file',
    'openblas',
    { libraries: { 'libopenblas.so': '/usr/lib/libopenblas.so.0' } },
    { present: true, where: '/usr/lib/libopenblas.so.0', version: '0' },
  ],
  ['Accelerate on macOS', 'accelerate', { platform: 'darwin' }, { present: true }],
  [
    'etcd',
    'etcd',
    { programs: { etcd: 'etcd Version: 3.5.12\nGit SHA: e7b3bb6cc\n' } },
    { present: true, version: '3.5.12' },
  ],
  [
    'a program that fails',
    'etcd',
    { programs: { etcd: 'fails' } },
    { present: false, note: 'is there, but fails: etcd: cannot open shared object' },
  ],
  [
    'a program that hangs',
    'etcd',
    { programs: { etcd: 'hangs' } },
    { present: true, note: 'is there, but did not answer in time' },
  ],
  ['Ray without Python', 'ray', {}, { present: false, note: 'there is no Python' }],
  ['Ray', 'ray', { programs: { python3: '2.48.0\n/venv/ray/__init__.py\n' } }, { present: true, version: '2.48.0' }],
  ['Python without Ray', 'ray', { programs: { python3: '' } }, { present: false }],
]

describe('probeEngines', () => {
  for (const [what, engine, fake, expected] of cases) {
    it(what, async () => {
      const [found] = await probeEngines({ only: [engine] }, asker(fake))
      assert.partialDeepStrictEqual(found, expected)
    })
  }

  it('turns a probe that throws into a note', async () => {
    const broken: Asker = {
      ...asker({}),
      library: () => assert.fail('broken disk'),
    }
    const all = await probeEngines({}, broken).catch(error => assert.fail(error))
    assert.ok(all.every(engine => typeof engine.get === 'string'))
    assert.match(all.find(engine => engine.name === 'openblas')!.note!, /broken disk/)
  })

  it('describes this machine in plain data', async () => {
    const all = await probeEngines()
    assert.deepEqual(
      all.map(engine => engine.name),
      engineNames(),
    )
    assert.deepEqual(JSON.parse(JSON.stringify(all)), all)
    for (const engine of all) {
      assert.ok(engine.get.length > 0 && engine.gives.length > 0 && engine.without.length > 0, engine.name)
      if (engine.present) assert.ok(engine.where, engine.name)
    }
  })
})

describe('how to get an engine', () => {
  const install = { apt: 'sudo apt-get install -y x', brew: 'brew install x', pip: 'pip install x' }
  const rows: [platform: string, root: boolean, programs: string[], expected: string][] = [
    ['linux', false, ['apt-get'], 'sudo apt-get install -y x'],
    ['linux', true, ['apt-get'], 'apt-get install -y x'],
    ['linux', false, [], 'pip install x'],
    ['darwin', false, ['brew'], 'brew install x'],
    ['win32', false, ['winget'], 'pip install x'],
  ]
  for (const [platform, root, programs, expected] of rows) {
    it(`${platform}${root ? ' as root' : ''} with ${programs.join() || 'nothing'}: ${expected}`, () => {
      assert.equal(
        howToGet(install, { platform, root, program: names => names.find(name => programs.includes(name)) }),
        expected,
      )
    })
  }
  it('says so where there is no way', () => {
    assert.equal(
      howToGet({}, { platform: 'win32', root: false, program: () => undefined }),
      'not available on this system',
    )
  })
})

describe('finding files', { skip: process.platform !== 'linux' && 'folders of Linux' }, () => {
  const folders: { [folder: string]: string[] } = {
    '/opt/mine': ['libmpi.so.40', 'libmpi.so.40.30.4', 'libmpi_cxx.so.40', 'libmpi.so.bak'],
    '/etc/ld.so.conf.d': ['a.conf', 'b.txt'],
    '/opt/a': ['libopenblas.so.0'],
    '/opt/b': ['libopenblas.so'],
  }
  const texts: { [path: string]: string } = {
    '/etc/ld.so.conf': 'include /etc/ld.so.conf.d/*.conf\n',
    '/etc/ld.so.conf.d/a.conf': '# comment\n/opt/a\n/opt/mine # why not\n',
    '/etc/ld.so.conf.d/b.txt': '/opt/b\n',
  }
  const files = { read: (path: string) => texts[path], list: (folder: string) => folders[folder] ?? [] }

  it('reads the folders of the dynamic linker', () => {
    assert.equal(findLibrary(['libopenblas.so'], files, {}), '/opt/a/libopenblas.so.0')
    assert.equal(findLibrary(['libopenblas.so'], files, { LD_LIBRARY_PATH: '/opt/b' }), '/opt/b/libopenblas.so')
  })
  it('takes the shortest version, and no other library that begins alike', () => {
    assert.equal(findLibrary(['libmpi.so'], files, {}), '/opt/mine/libmpi.so.40')
    assert.equal(findLibrary(['libmp.so'], files, {}), undefined)
  })
  it('finds programs on PATH', () => {
    assert.ok(findProgram(['no such program', 'sh'])?.endsWith('/sh'))
    assert.equal(findProgram(['no such program']), undefined)
  })
})

describe('runProgram', () => {
  it('gives status and both outputs', async () => {
    const script = 'console.log(1); console.error(2); process.exitCode = 3'
    const answer = await runProgram(process.execPath, ['-e', script], 60_000)
    assert.deepEqual(answer, { status: 3, stdout: '1\n', stderr: '2\n', timedOut: false })
  })
  it('kills at the limit', async () => {
    const answer = await runProgram(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], 50)
    assert.deepEqual([answer.status, answer.timedOut], [null, true])
  })
  it('answers for a program that is not there, and for a name that cannot be one', async () => {
    assert.equal((await runProgram('/no/such/program', [], 1000)).status, null)
    assert.equal((await runProgram('a\0b', [], 1000)).status, null)
  })
})
