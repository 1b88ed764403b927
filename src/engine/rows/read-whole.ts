import type { Ports } from '../ports.ts'

export async function readWhole(ports: Pick<Ports, 'blobs'>, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const blob = await ports.blobs.openLocal(name)
  try {
    const bytes = new Uint8Array(blob.bytes)
    await blob.read(bytes, 0)
    return bytes
  } finally {
    await blob.close()
  }
}
