// @ts-check
/**
 * For each import of each file Node looks through folders, packages and links, which is half of what it takes to load a hundred small
 * modules. Skein's own name each other exactly, so where they are is known from where the one that asks is.
 *
 * Plain JavaScript, because the command needs it before anything can read TypeScript.
 */
/** Asked for and not imported, as nothing of this room imports from Node. */
const nodeModule = globalThis.process?.getBuiltinModule?.('node:module')

/** Flags by which others take part in finding modules: they are left alone. */
const othersFlags = /^(--import|--require|-r|--loader|--experimental-loader)(=|$)/
const ownFile = /^\.\.?\/.*\.m?[tj]s$/

/**
 * From now on, until what it gives is called, finds by name alone what these modules, and those they lead to, import from Skein.
 *
 * @param {string[]} urls of modules of Skein
 * @param {string} [flag] the module of Skein that this process was told to `--import`
 * @returns {() => void}
 */
export function knowImports(urls, flag) {
  if (nodeModule?.registerHooks === undefined || isLeftAlone(flag)) return () => {}
  /** @type {Set<string | undefined>} */
  const ours = new Set(urls)
  /** @type {Map<string, string>} */
  const rooms = new Map()
  const hooks = nodeModule.registerHooks({
    resolve(specifier, context, next) {
      if (!ours.has(context.parentURL)) return next(specifier, context)
      const isRoom = specifier.startsWith('@skein/')
      if (!isRoom && !ownFile.test(specifier)) return next(specifier, context)
      let url = isRoom ? rooms.get(specifier) : new URL(specifier, context.parentURL).href
      if (url === undefined) {
        url = next(specifier, context).url
        rooms.set(specifier, url)
      }
      ours.add(url)
      return { url, format: url.endsWith('.ts') ? 'module-typescript' : 'module', shortCircuit: true }
    },
  })
  return () => hooks.deregister()
}

/**
 * Whether others take part in how this process finds modules.
 *
 * @param {string} [flag] the module of Skein that it was told to `--import`
 */
export function isLeftAlone(flag) {
  const words = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')]
  return words.some((word, i) => othersFlags.test(word) && words[i + 1] !== flag)
}
