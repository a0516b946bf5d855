/** A mail as a reader's program would show it. */
export interface MailMessage {
  /** By names in lower case; decoded and unfolded. Of a header that stands twice, the last. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string | undefined
  readonly html: string | undefined
}

/** Reads as much of MIME (RFC 2045 to 2047) as a mailer's own messages need. */
export function readMessage(raw: string): MailMessage {
  const { headers, body } = split(raw)
  const parts = partsOf(headers, body)
  return { headers: decoded(headers), text: parts['text/plain'], html: parts['text/html'] }
}

type Headers = Readonly<Record<string, string>>

function split(raw: string): { headers: Headers; body: string } {
  const end = raw.indexOf('\r\n\r\n')
  const head = end === -1 ? raw : raw.slice(0, end)
  const lines = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])
  return { headers: Object.fromEntries(headers), body: end === -1 ? '' : raw.slice(end + 4) }
}

/** The texts of a message by their types. */
function partsOf(headers: Headers, body: string): Record<string, string> {
  const type = headers['content-type'] ?? 'text/plain'
  const boundary = /boundary="?([^";]+)"?/.exec(type)?.[1]
  if (boundary === undefined) return { [type.split(';')[0] ?? '']: decodeBody(headers, body) }
  const parts = `\r\n${body}`.split(`\r\n--${boundary}`).slice(1, -1)
  return Object.assign(
    {},
    ...parts.map((part) => split(part.replace(/^\r\n/, ''))).map((part) => partsOf(part.headers, part.body)),
  )
}

function decodeBody(headers: Headers, body: string): string {
  switch (headers['content-transfer-encoding']?.toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64').toString('utf8').replaceAll('\r\n', '\n')
    case 'quoted-printable':
      return fromQuotedPrintable(body.replaceAll('=\r\n', '')).replaceAll('\r\n', '\n')
    default:
      return body.replaceAll('\r\n', '\n')
  }
}

function fromQuotedPrintable(text: string): string {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

function decoded(headers: Headers): Headers {
  const words = /=\?utf-8\?([qb])\?([^?]*)\?=(?: (?==\?))?/gi
  const decode = (_: string, encoding: string, text: string) =>
    encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString('utf8') : fromQuotedPrintable(text.replaceAll('_', ' '))
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replaceAll(words, decode)]))
}
