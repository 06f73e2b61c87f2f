export * from '@skein/world'
