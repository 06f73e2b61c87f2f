export * from '@skein/rpc'
