export * from '@skein/mpi/klyng'
export { default } from '@skein/mpi/klyng'
