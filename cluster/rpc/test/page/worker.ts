// In a worker of a page.
import { calls } from './calls.ts'

self.onmessage = async ({ data }) => {
  try {
    self.postMessage(await calls(data))
  } catch (error) {
    self.postMessage({ failed: String((error as Error).stack) })
  }
}
