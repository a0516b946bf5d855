import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with its count on a line of its own, where programs that read logs look for it. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const count = (state: string) => tests.filter((test) => test.result().state === state).length
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length
    const skipped = count('skipped') + count('pending')
    process.stdout.write(`\n${count('passed')} passed, ${count('failed') + broken} failed, ${skipped} skipped\n`)
    // What is skipped on a developer's machine, for want of a server, must run in CI.
    if (process.env.CI && skipped > 0) process.exitCode = 1
  }
}
