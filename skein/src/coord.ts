export * from '@skein/coord'
