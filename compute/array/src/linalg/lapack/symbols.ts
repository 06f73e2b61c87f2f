/** How libraries call their functions. LAPACK's names are Fortran's, with what builders put before and after them so that two builds can be in one process. */

/** Of a Fortran subroutine: `dgemm` is `scipy_dgemm_64_`. */
export interface Convention {
  readonly before: string
  readonly after: string
  /** Before and after functions of C, such as those that set threads. */
  readonly ofC: readonly [before: string, after: string]
}

/** Those that end in 64 take integers of 64 bits; of others it has to be found out. */
export const conventions: readonly Convention[] = [
  { before: '', after: '_', ofC: ['', ''] },
  { before: '', after: '_64_', ofC: ['', '64_'] },
  // What wheels of NumPy and SciPy bring along.
  { before: 'scipy_', after: '_64_', ofC: ['scipy_', '64_'] },
  { before: 'scipy_', after: '_', ofC: ['scipy_', ''] },
  // Accelerate's of macOS 13.3 and later; its older ones, with the plain names, are of 2009.
  { before: '', after: '$NEWLAPACK', ofC: ['', ''] },
]

/** In which files libraries are, the preferred first. Fedora's `libopenblas` has one thread, `libopenblasp` many. */
export const fileNames = [
  'libopenblasp.so',
  'libopenblas.so',
  'libopenblas64_.so',
  'libopenblas64.so',
  'libmkl_rt.so',
  'libopenblas.dylib',
  'libopenblas.dll',
  'mkl_rt.2.dll',
  'mkl_rt.1.dll',
]

export const accelerate = '/System/Library/Frameworks/Accelerate.framework/Accelerate'
