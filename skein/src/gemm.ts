export * from '@skein/kernel/gemm'
