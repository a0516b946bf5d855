import type { MailMessage } from './mail-message.ts'

/** Where a mail's link leads: a flow, and the page's query string. */
export function linkIn({ text = '' }: MailMessage): { readonly slug: string; readonly query: string } {
  const [, slug, query] = /\/if\/flow\/([\w-]+)\/\?(\S+)/.exec(text) ?? []
  if (slug === undefined || query === undefined) throw new Error(`There is no link in the mail: ${text}`)
  return { slug, query }
}
