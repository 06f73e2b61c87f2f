/** URLs of the modules that ranks may ask for, for whoever packs them: what these import comes along. */
export const rankModules: readonly string[] = [
  import.meta.resolve('./index.ts'),
  import.meta.resolve('./threads/rank-start.ts'),
  import.meta.resolve('./threads/engine.ts'),
  import.meta.resolve('./native/engine.ts'),
  import.meta.resolve('./threads/launch.ts'),
]
