import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores, and tests of faults that run brokers: more workers only make one another wait.
    maxWorkers: 2,
  },
});
