/**
 * The engines Skein knows, in the order `skein doctor` shows them: devices, then libraries, clusters, and tools for
 * development.
 */

import type { Asker, EngineEntry, Finding, Install } from './engine-entry.ts'
import { nodeModule } from './node.ts'

const absent: Finding = { present: false }

const firstLine = (text: string): string => text.trim().split('\n')[0]?.trim() ?? ''

/** Runs a program found on PATH and reads its version from what it prints. */
const byProgram =
  (names: readonly string[], args: readonly string[], version: RegExp, alsoIn?: (ask: Asker) => readonly string[]) =>
  async (ask: Asker): Promise<Finding> => {
    const where = ask.program(names, alsoIn?.(ask))
    if (where === undefined) return absent
    const answer = await ask.run(where, args)
    if (answer.timedOut) return { present: true, where, note: 'is there, but did not answer in time' }
    const found = version.exec(`${answer.stdout}\n${answer.stderr}`)?.[1]
    if (answer.status !== 0 && found === undefined) {
      return {
        present: false,
        where,
        note: `is there, but fails: ${firstLine(answer.stderr || answer.stdout) || 'no output'}`,
      }
    }
    return { present: true, where, ...(found !== undefined && { version: found }) }
  }

/** The version in a library's file name: `libopenblas.so.0.3.21` → 0.3.21. */
const versionInName = (path: string): string | undefined => /\.so\.([\d.]+)$/.exec(path)?.[1]

const byLibrary =
  (...names: string[]) =>
  async (ask: Asker): Promise<Finding> => {
    const where = ask.library(names)
    if (where === undefined) return absent
    const version = versionInName(where)
    return { present: true, where, ...(version !== undefined && { version }) }
  }

/** A Python package: one short program prints its version and place, without importing it. */
const byPython =
  (name: string) =>
  async (ask: Asker): Promise<Finding> => {
    const python = ask.program(['python3', 'python'])
    if (python === undefined) return { present: false, note: 'there is no Python' }
    const program = `import importlib.metadata as m, importlib.util as u
try: print(m.version('${name}')); print(u.find_spec('${name}').origin)
except Exception: pass`
    const answer = await ask.run(python, ['-c', program])
    const [version, where] = answer.stdout.trim().split('\n')
    return version ? { present: true, version, ...(where && { where }) } : absent
  }

/** A package that the program being run could import. */
const byNpm = (name: string) => async (): Promise<Finding> => {
  const module = nodeModule<typeof import('node:module')>('node:module')
  const path = nodeModule<typeof import('node:path')>('node:path')
  const fs = nodeModule<typeof import('node:fs')>('node:fs')
  if (!module || !path || !fs) return absent
  for (const folder of module.createRequire(path.join(process.cwd(), 'index.js')).resolve.paths(name) ?? []) {
    try {
      const text = fs.readFileSync(path.join(folder, name, 'package.json'), 'utf8')
      return { present: true, version: String(JSON.parse(text).version), where: path.join(folder, name) }
    } catch {
      // Not in this folder: the next one up.
    }
  }
  return absent
}

const probeCuda = async (ask: Asker): Promise<Finding> => {
  const where = ask.library(['libcuda.so', 'nvcuda.dll'])
  const smi = ask.program(['nvidia-smi'], ['C:\\Windows\\System32', '/usr/lib/wsl/lib'])
  if (smi === undefined) {
    return where === undefined
      ? absent
      : { present: true, where, note: 'nvidia-smi is missing, so devices are not listed' }
  }
  const fields = 'name,driver_version,memory.total,compute_cap'
  const answer = await ask.run(smi, [`--query-gpu=${fields}`, '--format=csv,noheader'])
  if (answer.timedOut)
    return { present: where !== undefined, where: where ?? smi, note: 'nvidia-smi did not answer in time' }
  const rows = answer.stdout
    .trim()
    .split('\n')
    .map(row => row.split(',').map(cell => cell.trim()))
  const devices = rows.filter(row => row.length === 4)
  if (answer.status !== 0 || devices.length === 0) {
    return {
      present: false,
      where: where ?? smi,
      note: firstLine(answer.stdout || answer.stderr) || 'no device answers',
    }
  }
  const lines = devices.map(([name, , memory, capability]) => `${name}, ${memory}, compute capability ${capability}`)
  return {
    present: where !== undefined,
    version: devices[0]![1]!,
    where: where ?? smi,
    devices: lines,
    ...(where === undefined && { note: 'nvidia-smi answers, but libcuda was not found' }),
  }
}

const probeWebGpu = async (ask: Asker): Promise<Finding> => {
  const gpu = (globalThis as { navigator?: { gpu?: { requestAdapter(): Promise<{ info?: object } | null> } } })
    .navigator?.gpu
  if (gpu !== undefined) {
    const adapter = await gpu.requestAdapter()
    if (adapter === null) return { present: false, note: 'navigator.gpu is there, but offers no adapter' }
    const { vendor, architecture, description } = (adapter.info ?? {}) as { [field: string]: string | undefined }
    const device = [vendor, architecture, description].filter(Boolean).join(' ')
    return { present: true, where: 'navigator.gpu', ...(device && { devices: [device] }) }
  }
  const found = await byNpm('webgpu')()
  const vulkan = ask.platform !== 'linux' || ask.library(['libvulkan.so']) !== undefined
  return found.present && !vulkan ? { ...found, note: 'libvulkan is missing: it will find no adapter' } : found
}

/** Both MPI families call their launcher mpirun; which one answers is in its version text. */
const probeMpi =
  (names: readonly string[], mine: RegExp, libraries: readonly string[]) =>
  async (ask: Asker): Promise<Finding> => {
    const library = ask.library(libraries)
    for (const name of names) {
      const launcher = ask.program([name], ['/usr/lib64/openmpi/bin', '/usr/lib64/mpich/bin', '/opt/homebrew/bin'])
      if (launcher === undefined) continue
      const answer = await ask.run(launcher, ['--version'])
      const version = mine.exec(answer.stdout + answer.stderr)?.[1]
      if (version === undefined) continue
      const note = library === undefined ? { note: 'its launcher is there, but not its library' } : {}
      return { present: library !== undefined, version, where: library ?? launcher, ...note }
    }
    return absent
  }

const chromiumFolders = (ask: Asker): string[] =>
  ask.platform === 'darwin'
    ? ['/Applications/Google Chrome.app/Contents/MacOS', '/Applications/Chromium.app/Contents/MacOS']
    : ask.platform === 'win32'
      ? ['C:\\Program Files\\Google\\Chrome\\Application', 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application']
      : ['/snap/bin', '/opt/google/chrome']

const everywhere = (packages: { apt: string; dnf: string; apk?: string; pacman: string; brew?: string }): Install => ({
  apt: `sudo apt-get install -y ${packages.apt}`,
  dnf: `sudo dnf install -y ${packages.dnf}`,
  pacman: `sudo pacman -S ${packages.pacman}`,
  ...(packages.apk !== undefined && { apk: `sudo apk add ${packages.apk}` }),
  ...(packages.brew !== undefined && { brew: `brew install ${packages.brew}` }),
})

const nvidia = 'the NVIDIA driver, from https://www.nvidia.com/drivers (needs an NVIDIA GPU)'

export const catalogue: readonly EngineEntry[] = [
  {
    name: 'cuda',
    title: 'NVIDIA GPU (CUDA driver)',
    gives: 'kernels on the GPU, through PTX',
    without: 'kernels run on the cores',
    install: { manual: nvidia },
    probe: probeCuda,
  },
  {
    name: 'webgpu',
    title: 'WebGPU',
    gives: 'kernels on any GPU, through WGSL',
    without: 'kernels run on the cores',
    install: { npm: 'npm install webgpu' },
    probe: probeWebGpu,
  },
  {
    name: 'openblas',
    title: 'OpenBLAS',
    gives: 'dense linear algebra at the speed of hand-written assembly',
    without: "Skein's own kernels",
    install: everywhere({
      apt: 'libopenblas0',
      dnf: 'openblas',
      apk: 'openblas',
      pacman: 'openblas',
      brew: 'openblas',
    }),
    probe: byLibrary('libopenblas.so', 'libopenblas64.so', 'libopenblas.dylib', 'libopenblas.dll'),
  },
  {
    name: 'mkl',
    title: 'Intel MKL',
    gives: 'dense linear algebra, fastest on Intel processors',
    without: "OpenBLAS, or Skein's own kernels",
    install: {
      apt: 'sudo apt-get install -y libmkl-rt',
      pip: 'pip install mkl',
      manual: 'https://www.intel.com/oneapi/onemkl (x86-64 only)',
    },
    probe: byLibrary('libmkl_rt.so', 'mkl_rt.2.dll', 'mkl_rt.1.dll'),
  },
  {
    name: 'accelerate',
    title: 'Apple Accelerate',
    gives: 'dense linear algebra on the matrix units of Apple processors',
    without: "OpenBLAS, or Skein's own kernels",
    install: { manual: 'comes with macOS, and only with macOS' },
    probe: async ask => {
      const where = '/System/Library/Frameworks/Accelerate.framework/Accelerate'
      return ask.platform === 'darwin' ? { present: true, where } : absent
    },
  },
  {
    name: 'cublas',
    title: 'cuBLAS',
    gives: 'dense linear algebra on NVIDIA GPUs',
    without: "Skein's own kernels on the GPU",
    install: { pip: 'pip install nvidia-cublas-cu12', manual: 'https://developer.nvidia.com/cuda-downloads' },
    probe: byLibrary('libcublas.so', 'cublas64_13.dll', 'cublas64_12.dll'),
  },
  {
    name: 'nccl',
    title: 'NCCL',
    gives: 'collectives between NVIDIA GPUs',
    without: 'collectives through the memory of the host',
    install: { pip: 'pip install nvidia-nccl-cu12', manual: 'https://developer.nvidia.com/nccl' },
    probe: byLibrary('libnccl.so'),
  },
  {
    name: 'hypre',
    title: 'hypre',
    gives: 'algebraic multigrid over MPI ranks',
    without: "Skein's own multigrid",
    install: everywhere({ apt: 'libhypre-dev', dnf: 'hypre', pacman: 'hypre', brew: 'hypre' }),
    probe: byLibrary('libHYPRE.so', 'libHYPRE.dylib'),
  },
  {
    name: 'openmpi',
    title: 'Open MPI',
    gives: 'ranks that are processes, on one machine or many',
    without: 'ranks that are threads of one process',
    install: everywhere({
      apt: 'openmpi-bin',
      dnf: 'openmpi',
      apk: 'openmpi',
      pacman: 'openmpi',
      brew: 'open-mpi',
    }),
    // Two libraries carry libmpi's name: MPICH's has 12 as its version, Open MPI's 20, 40 or more.
    probe: probeMpi(['mpirun.openmpi', 'mpirun'], /\(Open MPI\)\s+(\S+)/, [
      'libmpi.so.40',
      'libmpi.so.80',
      'libmpi.so',
      'libmpi.dylib',
    ]),
  },
  {
    name: 'mpich',
    title: 'MPICH',
    gives: 'ranks that are processes, on one machine or many',
    without: 'Open MPI, or ranks that are threads of one process',
    install: everywhere({ apt: 'mpich', dnf: 'mpich', apk: 'mpich', pacman: 'mpich', brew: 'mpich' }),
    probe: probeMpi(['mpirun.mpich', 'mpirun.hydra', 'mpiexec.hydra', 'mpirun'], /HYDRA[\s\S]*?Version:\s+(\S+)/, [
      'libmpich.so',
      'libmpi.so.12',
      'libmpich.dylib',
    ]),
  },
  {
    name: 'ray',
    title: 'Ray',
    gives: 'tasks, actors and objects on a cluster',
    without: 'tasks on the threads of this process',
    install: { pip: 'pip install ray' },
    probe: byPython('ray'),
  },
  {
    name: 'etcd',
    title: 'etcd',
    gives: 'registry, locks and elections that outlive a machine',
    without: 'an SQLite file',
    install: {
      ...everywhere({ apt: 'etcd-server', dnf: 'etcd', apk: 'etcd', pacman: 'etcd', brew: 'etcd' }),
      winget: 'winget install etcd.etcd',
    },
    probe: byProgram(['etcd'], ['--version'], /etcd Version:\s*(\S+)/i, () => ['/usr/sbin', '/usr/local/bin']),
  },
  {
    name: 'gcc',
    title: 'GCC',
    gives: 'the C peers of the benchmarks and the oracles of the tests; no program needs it',
    without: 'those are skipped',
    install: {
      ...everywhere({ apt: 'gcc', dnf: 'gcc', apk: 'gcc musl-dev', pacman: 'gcc', brew: 'gcc' }),
      winget: 'winget install BrechtSanders.WinLibs.POSIX.UCRT',
    },
    probe: byProgram(['gcc'], ['--version'], /(\d+\.\d+\.\d+)/),
  },
  {
    name: 'python',
    title: 'Python',
    gives: 'the Python peers of the benchmarks, and Ray',
    without: 'those are skipped',
    install: {
      ...everywhere({ apt: 'python3', dnf: 'python3', apk: 'python3', pacman: 'python', brew: 'python' }),
      winget: 'winget install Python.Python.3.13',
    },
    probe: byProgram(['python3', 'python'], ['--version'], /Python (\S+)/),
  },
  {
    name: 'chromium',
    title: 'Chromium',
    gives: 'tests of the dashboard and of WebGPU in a browser',
    without: 'those are skipped',
    install: {
      ...everywhere({ apt: 'chromium', dnf: 'chromium', apk: 'chromium', pacman: 'chromium', brew: '--cask chromium' }),
      winget: 'winget install Google.Chrome',
    },
    probe: byProgram(
      ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'Google Chrome', 'chrome', 'msedge'],
      ['--version'],
      /(\d+\.\d+\.\d+\.\d+)/,
      chromiumFolders,
    ),
  },
]
