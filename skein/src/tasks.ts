export * from '@skein/tasks'
