import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    // Processes that tests start compile the same sources again and again; kept, they start in half the time.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'redeye-test-compile-cache') },
    // Flights wait more than they compute, so two files at once cost no core more than there are.
    maxWorkers: 2,
    maxConcurrency: 7,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
