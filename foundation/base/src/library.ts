/**
 * Where programs and shared libraries lie: the search a shell and a dynamic linker would make, without starting
 * either, so that it is cheap, synchronous and cannot fail. Rooms that load libraries by FFI use it to name the file.
 */

import { nodeModule } from './node.ts'
import { realFiles, type SystemFiles } from './system-files.ts'

type Environment = { readonly [name: string]: string | undefined }

const environment = (): Environment => (globalThis as { process?: { env?: Environment } }).process?.env ?? {}
const platform = (): string => (globalThis as { process?: { platform?: string } }).process?.platform ?? 'browser'

const split = (paths: string | undefined, separator: string): string[] =>
  (paths ?? '').split(separator).filter(path => path !== '')

/** The folders named by /etc/ld.so.conf and the files it includes. */
const linkerFolders = (files: SystemFiles, path = '/etc/ld.so.conf', depth = 0): string[] => {
  if (depth > 4) return []
  const folders: string[] = []
  for (const line of (files.read(path) ?? '').split('\n')) {
    const text = line.replace(/#.*/, '').trim()
    const included = /^include\s+(\S+)\/([^/\s]+)$/.exec(text)
    if (included) {
      const ending = included[2]!.replace(/^\*/, '')
      for (const name of files.list(included[1]!)) {
        if (name.endsWith(ending)) folders.push(...linkerFolders(files, `${included[1]}/${name}`, depth + 1))
      }
    } else if (text.startsWith('/')) folders.push(text)
  }
  return folders
}

/** Folders in which libraries are looked for, in order. */
export const libraryFolders = (files: SystemFiles = realFiles, env: Environment = environment()): string[] => {
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[globalThis.process?.arch as 'x64' | 'arm64']
  const conda = env.CONDA_PREFIX ? [`${env.CONDA_PREFIX}/lib`] : []
  const oneApi = ['/opt/intel/oneapi/mkl/latest/lib', '/opt/intel/oneapi/mkl/latest/lib/intel64']
  switch (platform()) {
    case 'linux':
      return [
        ...split(env.LD_LIBRARY_PATH, ':'),
        ...conda,
        ...linkerFolders(files),
        ...(triplet ? [`/usr/local/lib/${triplet}`, `/lib/${triplet}`, `/usr/lib/${triplet}`] : []),
        ...['/usr/local/lib', '/lib64', '/usr/lib64', '/lib', '/usr/lib', '/usr/local/cuda/lib64'],
        ...['/usr/lib/wsl/lib', '/run/opengl-driver/lib'],
        ...oneApi,
      ]
    case 'darwin':
      return [
        ...split(env.DYLD_LIBRARY_PATH, ':'),
        ...conda,
        ...['/opt/homebrew/lib', '/usr/local/lib', '/opt/homebrew/opt/openblas/lib', '/usr/local/opt/openblas/lib'],
      ]
    case 'win32':
      return [`${env.SystemRoot ?? 'C:\\Windows'}\\System32`, ...split(env.PATH, ';')]
    default:
      return []
  }
}

/**
 * The path of the first shared library found; names in order of preference, each without its last version numbers:
 * `libmpi.so` finds `libmpi.so` before `libmpi.so.40`, and never `libmpi_cxx.so`. Undefined if there is none.
 */
export const findLibrary = (
  names: readonly string[],
  files: SystemFiles = realFiles,
  env: Environment = environment(),
): string | undefined => {
  const separator = platform() === 'win32' ? '\\' : '/'
  const folders = [...new Set(libraryFolders(files, env))]
  for (const name of names) {
    for (const folder of folders) {
      const found = files
        .list(folder)
        .filter(file => file === name || (file.startsWith(`${name}.`) && /^[\d.]+$/.test(file.slice(name.length + 1))))
        .sort((a, b) => a.length - b.length || a.localeCompare(b))[0]
      if (found !== undefined) return `${folder}${separator}${found}`
    }
  }
  return undefined
}

/** The path of the first program found on PATH or in `alsoIn`; undefined if there is none. */
export const findProgram = (names: readonly string[], alsoIn: readonly string[] = []): string | undefined => {
  const fs = nodeModule<typeof import('node:fs')>('node:fs')
  const path = nodeModule<typeof import('node:path')>('node:path')
  if (!fs || !path) return undefined
  const env = environment()
  const windows = platform() === 'win32'
  const folders = [...split(env.PATH ?? env.Path, path.delimiter), ...alsoIn]
  const endings = windows ? ['.exe', '.cmd', '.bat', ''] : ['']
  for (const name of names) {
    for (const folder of folders) {
      for (const ending of endings) {
        const candidate = path.join(folder, name + ending)
        try {
          fs.accessSync(candidate, windows ? fs.constants.F_OK : fs.constants.X_OK)
          if (fs.statSync(candidate).isFile()) return candidate
        } catch {
          // Absent, or not ours to run: the next one.
        }
      }
    }
  }
  return undefined
}
