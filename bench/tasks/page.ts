/** Takes what a page of the dashboard takes, and parses it as that does. Says when it has begun. */
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'

const [url] = process.argv.slice(2)
const { body } = await fetch(new URL('events', url))
console.log('open')
for await (const line of createInterface({ input: Readable.fromWeb(body!) })) {
  if (line.startsWith('data: ')) JSON.parse(line.slice('data: '.length))
}
