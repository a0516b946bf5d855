import type { Context } from 'hono'
import type { HttpEnvironment } from './app.ts'

/** The largest body that is read (bytes). */
export const largestBody = 1_048_576

/** How deep arrays and objects may nest: whoever walks a deeper body may run out of stack. */
export const deepestJson = 64

/** A body that is not read, and what its sender is told. */
export class BodyError extends Error {
  readonly status: 400 | 413 | 415
  readonly code: string
  constructor(status: 400 | 413 | 415, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** The body as text, read no further than the limit. */
export async function readText(context: Context<HttpEnvironment>): Promise<string> {
  const { incoming } = context.env
  if (Number(incoming.headers['content-length'] ?? 0) > largestBody) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  // What is left unread is drained once the answer is out: ending the stream here would take the answer with it.
  for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.byteLength
    if (size > largestBody) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The body as a JSON object; a missing one is empty. */
export async function readJsonObjectBody(context: Context<HttpEnvironment>): Promise<Record<string, unknown>> {
  const text = await readText(context)
  const type = context.req.header('content-type')
  if (text === '' && type === undefined) return {}
  if (!isJson(type)) throw new BodyError(415, 'unsupported_media_type', 'Send JSON: content-type application/json.')
  if (text.trim() === '') return {}
  const parsed = parse(text)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new BodyError(400, 'invalid', 'The body must be a JSON object.')
  return parsed as Record<string, unknown>
}

export function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json'
}

/** Whether a JSON text nests deeper than that. Looks at every character once, and at none inside strings. */
export function nestsTooDeep(text: string): boolean {
  let depth = 0
  let quoted = false
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index]
    if (quoted) {
      if (character === '\\') index += 1
      else if (character === '"') quoted = false
    } else if (character === '"') quoted = true
    else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') depth -= 1
    if (depth > deepestJson) return true
  }
  return false
}

function parse(text: string): unknown {
  if (nestsTooDeep(text)) throw new BodyError(400, 'parse_error', `The body nests deeper than ${deepestJson} levels.`)
  try {
    return JSON.parse(text)
  } catch {
    throw new BodyError(400, 'parse_error', 'The body is not valid JSON.')
  }
}

function tooLarge(): BodyError {
  return new BodyError(413, 'too_large', `The body has more than ${largestBody} bytes.`)
}
