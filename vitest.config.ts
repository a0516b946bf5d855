import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Two copies of graphql must not meet.
    server: { deps: { inline: [/graphql/, /pothos/] } },
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
    globalSetup: ['./test/support/global-setup.ts'],
    reporters: ['default', './test/support/reporter.ts'],
    // A worker keeps what it has imported from one file to the next: evaluating the server anew for each took most of the time.
    isolate: false,
    // Much of what tests do is to wait for other processes.
    maxWorkers: '100%',
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
