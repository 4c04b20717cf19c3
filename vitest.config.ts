import { defineConfig } from 'vitest/config';

/**
 * The container engine and a real node of Kubernetes make and remove network interfaces, which ends every request of a browser: they have
 * the machine to themselves.
 */
const withEngine = [
  'test/compose/up.test.ts',
  'test/deploy/image.test.ts',
  'test/operator/end-to-end.test.ts',
  'test/operator/lossless.test.ts',
  'test/real/node*.test.ts',
];

export default defineConfig({
  test: {
    // Longer than the waits in a test (`until`), which say what they waited for. Only a hang takes so long.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
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
