import { parentPort } from 'node:worker_threads'
import type { TaskReply } from './byte-pool.ts'

// The thread side of BytePool: loads task modules by URL and runs them, one message at a time.
const port = parentPort
if (port === null) throw new Error('byte-worker runs in a worker thread')

const modules = new Map<string, Promise<{ run(input: unknown): TaskReply<unknown> | Promise<TaskReply<unknown>> }>>()

port.on('message', async ({ number, task, input }: { number: number; task: string; input: unknown }) => {
  try {
    let module = modules.get(task)
    if (module === undefined) {
      module = import(task) as NonNullable<typeof module>
      modules.set(task, module)
    }
    const { value, transfer } = await (await module).run(input)
    port.postMessage({ number, value }, transfer as ArrayBuffer[])
  } catch (error) {
    port.postMessage({ number, error })
  }
})
