import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    server: { deps: { inline: [/graphql/, /pothos/] } },
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
