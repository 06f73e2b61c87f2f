// What dnode asks of the native package `weak`, by the engine's own weak references.
const registry = new FinalizationRegistry(collected => collected())

module.exports = (object, collected) => {
  registry.register(object, collected)
  return new WeakRef(object)
}
module.exports.get = ref => ref.deref()
