import { z } from 'zod'
import type { Invitation, OutgoingMail } from '../flow/accounts.ts'
import { text } from '../shapes/text.ts'

/** Each has a mail of their own. */
export const mostAddressees = 100
/** Who gets a copy of each of those mails. */
export const mostCopies = 20

const address = z.email().max(254)
const copies = z.array(address).max(mostCopies).default([])

/** Whom an invitation goes to, as the wire spells it. */
export const invitationMailBody = z.object({
  email_addresses: z.array(address).max(mostAddressees).default([]),
  cc_addresses: copies,
  bcc_addresses: copies,
  template: text({ min: 1, max: 200 }).default('email/invitation.html'),
})

/** A mail to each addressee, who is told nothing but where the invitation leads and when it ends. */
export function invitationMails(
  { email_addresses, cc_addresses: cc, bcc_addresses: bcc, template }: z.output<typeof invitationMailBody>,
  { expiresAt }: Invitation,
  { url, brandTitle }: { readonly url: string; readonly brandTitle: string },
): OutgoingMail[] {
  return [...new Set(email_addresses)].map((to) => ({
    to: { address: to, name: '' },
    cc,
    bcc,
    from: '',
    subject: `You are invited to ${brandTitle}`,
    template,
    values: {
      url,
      expires: expiresAt?.toISOString() ?? null,
      // Who is invited has no account yet.
      user: { username: '', name: '', email: to },
      brand: { title: brandTitle },
    },
    smtp: undefined,
  }))
}
