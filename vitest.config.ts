import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    // Flights wait more than they compute, so two files at once cost no core more than there are.
    maxWorkers: 2,
    maxConcurrency: 7,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
