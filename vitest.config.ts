import { defineConfig } from 'vitest/config';

/** The container engine makes and removes network interfaces, which ends every request of a browser: it has the machine to itself. */
const withEngine = ['test/compose/up.test.ts', 'test/deploy/image.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores, and tests of faults that run brokers: more workers only make one another wait.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: 'all', include: ['test/**/*.test.ts'], exclude: withEngine, sequence: { groupOrder: 0 } },
      },
      { extends: true, test: { name: 'engine', include: withEngine, sequence: { groupOrder: 1 }, maxWorkers: 1 } },
    ],
  },
});
