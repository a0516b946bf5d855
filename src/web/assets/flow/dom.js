/** Makes an element with attributes. Children are nodes or texts: nothing is ever parsed as HTML. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue
    made.setAttribute(key, value === true ? '' : value)
  }
  made.append(...children)
  return made
}

/** A line of text. */
export function line(...children) {
  return element('p', {}, ...children)
}

/** A text that is read out at once. */
export function alert(text) {
  return element('p', { role: 'alert' }, text)
}

/** A way elsewhere; a plain text where the address is none that people may be led to. */
export function link(href, text, attributes = {}) {
  return mayLead(href) ? element('a', { ...attributes, href }, text) : element('span', attributes, text)
}

/** A button that does something beside answering. */
export function button(text, onClick, attributes = {}) {
  const made = element('button', { type: 'button', class: 'second', ...attributes }, text)
  made.addEventListener('click', onClick)
  return made
}

/** Whether an address leads somewhere, rather than being something to run. */
export function mayLead(href) {
  const url = urlOf(href)
  return url !== undefined && !['javascript:', 'data:', 'blob:', 'vbscript:'].includes(url.protocol)
}

/** An address, as it is read on this page; undefined for what is none. */
export function urlOf(text) {
  return URL.canParse(text, location.href) ? new URL(text, location.href) : undefined
}

const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['#39', "'"],
  ['nbsp', '\u00a0'],
])

/** What is left of HTML without its tags, to be shown as a text. Nothing parses it, so that nothing in it can do anything. */
export function textOf(markup) {
  return markup
    .replaceAll(/<(script|style)\b[\s\S]*?<\/\1\s*>|<!--[\s\S]*?-->|<\/?[a-z][^>]*>/gi, '')
    .replaceAll(/&(\w+|#39);/g, (entity, name) => entities.get(name) ?? entity)
    .trim()
}
