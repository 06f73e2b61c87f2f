/**
 * A library with the ABI of MPI-5, made of Open MPI's: its functions have that ABI's handles and constants, and call those of Open MPI with its own. Handles of both are
 * as wide as pointers, and what is no constant passes as it is; so does a status, whose first ints lie alike.
 *
 * Left out is what lies in arrays: types of `alltoallw` and `struct`, distributions of `darray`; and what windows and files have of constants.
 */

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as families from '../src/native/families/families.ts'
import { prototypes } from '../src/native/functions.ts'
import { loadKoffi } from '../src/native/library.ts'

const openMpi = 'libmpi.so.40'
const kinds: Readonly<Record<string, string>> = { h: 'long', a: 'long', f: 'long', i: 'int', o: 'long', p: 'long' }

/** Handles that have a name in Open MPI, by their number in the ABI. */
function handles(): Map<number, string> {
  const { mpi, openmpi } = families
  const plain = (['commWorld', 'commSelf', 'commNull', 'requestNull', 'infoNull', 'errorsReturn'] as const).map(
    key => [mpi[key], openmpi[key]] as const,
  )
  const types = Object.entries(mpi.datatypes).map(
    ([kind, number]) => [number, openmpi.datatypes[kind as keyof typeof openmpi.datatypes]] as const,
  )
  const ops = Object.entries(mpi.ops).map(
    ([op, number]) => [number, openmpi.ops[op as keyof typeof openmpi.ops]] as const,
  )
  return new Map([...plain, ...types, ...ops].map(([number, name]) => [Number(number), String(name)]))
}

/** Constants of a call that are its own: in C, on `a0`, `a1` and so on. */
const before: Readonly<Record<string, string>> = {
  MPI_Init_thread: 'a2 = a2 / 1024 - (a2 > 2048);',
  MPI_Comm_get_attr: 'a1 = a1 == 501 ? 0 : a1 == 505 ? 6 : 4;',
  MPI_Comm_split_type: 'if (a1 == 221) a1 = 0;',
  MPI_Type_create_subarray: 'a4 = a4 == 12 ? 0 : 1;',
}
const provided = (argument: string): string => `{ int *p = (int *)${argument}; *p = *p == 3 ? 4096 : 1024 * *p; }`
const after: Readonly<Record<string, string>> = {
  MPI_Init_thread: provided('a3'),
  MPI_Query_thread: provided('a0'),
}

/** Where a call writes a handle that may be null. */
const writes: Readonly<Record<string, number>> = {
  MPI_Wait: 0,
  MPI_Test: 0,
  MPI_Request_free: 0,
  MPI_Comm_free: 0,
  MPI_Comm_get_parent: 0,
  MPI_Comm_split: 3,
  MPI_Comm_split_type: 4,
  MPI_Comm_create: 2,
  MPI_Comm_create_group: 3,
  MPI_Cart_create: 5,
}

/** Ints of these are lengths, colors and keys, which may be below 0. */
const isPlain = (name: string): boolean => /_(Comm|Type|Cart|Group|Error|Info)_/.test(name)

function functionOf(name: string, prototype: string): string {
  const letters = [...prototype]
  const parameters = letters.map((letter, i) => `${kinds[letter]} a${i}`).join(', ') || 'void'
  const given = letters.map((letter, i) => {
    if (letter === 'h') return `handle(a${i})`
    if (letter === 'i' && !isPlain(name)) return `place(a${i})`
    return letter === 'p' ? `address(a${i})` : `a${i}`
  })
  const written = writes[name]
  return `int P${name}(${parameters});
int ${name}(${parameters}) {
  ${before[name] ?? ''}
  int code = P${name}(${given.join(', ')});
  ${after[name] ?? ''}${written === undefined ? '' : `null((long *)a${written});`}
  return code;
}
`
}

/** @returns its file in the folder */
export function makeAbiLibrary(folder: string): string {
  const there = loadKoffi().load(openMpi, { lazy: true })
  const has = (name: string): boolean => {
    try {
      return Boolean(there.symbol(name))
    } catch {
      return false
    }
  }
  const named = [...handles()]
  const text = `
${named.map(([, name]) => `extern char ${name}[];`).join('\n')}
static long handle(long h) {
  switch (h) {
${named.map(([number, name]) => `    case ${number}: return (long)${name};`).join('\n')}
    default: return h;
  }
}
static void null(long *h) {
  if (*h == (long)ompi_mpi_comm_null) *h = ${families.mpi.commNull};
  if (*h == (long)ompi_request_null) *h = ${families.mpi.requestNull};
}
/* MPI_ANY_TAG and MPI_PROC_NULL */
static int place(int i) { return i == -2 ? -1 : i == -3 ? -2 : i; }
/* MPI_UNWEIGHTED and MPI_WEIGHTS_EMPTY */
static long address(long p) { return p == 10 ? 2 : p == 11 ? 3 : p; }
double PMPI_Wtime(void), PMPI_Wtick(void);
double MPI_Wtime(void) { return PMPI_Wtime(); }
double MPI_Wtick(void) { return PMPI_Wtick(); }
${prototypes()
  .filter(([name]) => has(`P${name}`))
  .map(([name, prototype]) => functionOf(name, prototype))
  .join('')}`
  const source = join(folder, 'abi.c')
  const file = join(folder, 'libmpi_abi.so')
  writeFileSync(source, text)
  execFileSync('gcc', ['-O1', '-w', '-shared', '-fPIC', '-o', file, source, `-l:${openMpi}`], { stdio: 'inherit' })
  return file
}
