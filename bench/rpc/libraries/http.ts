/** Plain HTTP of Node: requests with a body, connections that are kept. */
import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createInterface } from 'node:readline'
import { items, type Library, tokenOf } from '../service.ts'
import { arrayOf, bytesOf } from './bytes.ts'

const bodyOf = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  message.on('data', chunk => chunks.push(chunk))
  await once(message, 'end')
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
}

const put = (message: ServerResponse | ReturnType<typeof request>, body: string | Uint8Array): void => {
  message.setHeader('content-length', Buffer.byteLength(body))
  message.end(body)
}

const answer = async (asked: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await bodyOf(asked)
  switch (asked.url) {
    case '/echo':
      return put(response, JSON.stringify(JSON.parse(body.toString())))
    case '/exchange':
      return put(response, body)
    case '/put':
      return put(response, JSON.stringify(tokenOf(arrayOf(body))))
    case '/items':
      for (const item of items(JSON.parse(body.toString())))
        if (!response.write(`${JSON.stringify(item)}\n`)) await once(response, 'drain')
      response.end()
  }
}

export const http: Library = {
  who: `node:http ${process.versions.node}`,
  async listen() {
    const server = createServer(answer)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { address: String((server.address() as { port: number }).port) }
  },
  async connect(port) {
    const agent = new Agent({ keepAlive: true, maxSockets: 64 })
    const ask = async (path: string, body: string | Uint8Array): Promise<IncomingMessage> => {
      const asking = request({ host: '127.0.0.1', port, method: 'POST', path, agent })
      put(asking, body)
      const [response] = await once(asking, 'response')
      return response
    }
    return {
      close: () => agent.destroy(),
      echo: async message => JSON.parse((await bodyOf(await ask('/echo', JSON.stringify(message)))).toString()),
      exchange: async x => arrayOf(await bodyOf(await ask('/exchange', bytesOf(x)))),
      put: async x => JSON.parse((await bodyOf(await ask('/put', bytesOf(x)))).toString()),
      async sumOfItems(n) {
        let sum = 0
        const input = await ask('/items', JSON.stringify(n))
        for await (const line of createInterface({ input })) sum += JSON.parse(line).value
        return sum
      },
    }
  },
}
