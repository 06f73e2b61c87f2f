export * from '@skein/mpi'
