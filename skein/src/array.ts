export * from '@skein/array'
