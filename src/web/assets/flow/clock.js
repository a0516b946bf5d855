let ahead = 0

/** Milliseconds since 1970 by the server's clock, as far as its replies tell: those of people are often wrong by minutes. */
export function serverNow() {
  return Date.now() + ahead
}

/** Learns from a reply what the server's clock shows. It tells whole seconds, and takes a moment to come. */
export function setByReply(headers) {
  const told = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(told)) return
  const off = told - Date.now()
  ahead = Math.abs(off) < 3000 ? 0 : off
}
