/** gRPC in plain JavaScript, `@grpc/grpc-js`. It has messages and streams of them, and no functions. */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { findNpmPeer, requirePeer } from '../../harness/toolchain.ts'
import { type Item, items, type Library, tokenOf } from '../service.ts'
import { arrayOf, bytesOf } from './bytes.ts'

const library = requirePeer('@grpc/grpc-js')
const definition = requirePeer('@grpc/proto-loader').loadSync(fileURLToPath(new URL('service.proto', import.meta.url)))
const { Service } = library.loadPackageDefinition(definition).bench
/** By itself it refuses messages of more than 4 MiB. */
const options = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 }

type Answer = (error: null, value: object) => void

const implementation = {
  echo: ({ request }: any, answer: Answer) => answer(null, request),
  exchange: ({ request }: any, answer: Answer) => answer(null, request),
  put: ({ request }: any, answer: Answer) => answer(null, { token: tokenOf(arrayOf(request.bytes)) }),
  async items(call: any) {
    for (const item of items(call.request.n)) if (!call.write(item)) await once(call, 'drain')
    call.end()
  },
}

export const grpc: Library = {
  who: `grpc-js ${findNpmPeer('@grpc/grpc-js')?.version}`,
  async listen() {
    const server = new library.Server(options)
    server.addService(Service.service, implementation)
    const port = await new Promise((resolve, reject) =>
      server.bindAsync(
        '127.0.0.1:0',
        library.ServerCredentials.createInsecure(),
        (error: Error | null, port: number) => (error ? reject(error) : resolve(port)),
      ),
    )
    return { address: `127.0.0.1:${port}` }
  },
  async connect(address) {
    const client = new Service(address, library.credentials.createInsecure(), options)
    const ask = (method: string, request: object) =>
      new Promise<any>((resolve, reject) =>
        client[method](request, (error: Error | null, answer: object) => (error ? reject(error) : resolve(answer))),
      )
    return {
      close: () => client.close(),
      echo: message => ask('echo', message),
      exchange: async x => arrayOf((await ask('exchange', { bytes: bytesOf(x) })).bytes),
      put: async x => (await ask('put', { bytes: bytesOf(x) })).token,
      async sumOfItems(n) {
        let sum = 0
        for await (const { value } of client.items({ n }) as AsyncIterable<Item>) sum += value
        return sum
      },
    }
  },
}
