/** Takes what a page of the dashboard takes, and parses it as that does. Says when it has begun. */
import { get } from 'node:http'
import { createInterface } from 'node:readline'

const [url] = process.argv.slice(2)
get(new URL('events', url), response => {
  console.log('open')
  createInterface({ input: response }).on('line', line => {
    if (line.startsWith('data: ')) JSON.parse(line.slice('data: '.length))
  })
})
