import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A server in a process of its own. */
export interface ChildServer {
  readonly pid: number
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** What it wrote to standard output so far: that is for people. */
  readonly output: () => string
  /** What it wrote to standard error so far. */
  readonly log: () => string
  /** Ends it, by SIGTERM unless told otherwise, and resolves with its exit code when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts the product as `npm start` does, on a free port; resolves once it listens. */
export function startChildServer(env: Readonly<Record<string, string | undefined>>): Promise<ChildServer> {
  return startProgram(['src/main.ts', 'serve'], { HOST: '127.0.0.1', PORT: '0', ...env })
}

/** Starts a program that says on a line of its output where it listens. */
export async function startProgram(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<ChildServer> {
  const child = spawn(process.execPath, args, { cwd: root, env: { PATH: process.env.PATH, ...env } })
  const orphaned = () => child.kill('SIGKILL')
  process.once('exit', orphaned)
  const exited = once(child, 'close').then(([code]: (number | null)[]) => {
    process.off('exit', orphaned)
    return code ?? null
  })
  let output = ''
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })

  const port = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      output += `${line}\n`
      const address = /listens on (\S+)$/.exec(line)?.[1]
      if (address) resolve(new URL(address).port)
    })
    void exited.then(() => reject(new Error(`${args.join(' ')} ended before it listened:\n${log}`)))
  })
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}`,
    output: () => output,
    log: () => log,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal)
      return exited
    },
  }
}
