import { describeDuoPaths } from './duo-paths.ts'
import { mostAddressees, mostCopies } from './invitation-mail.ts'
import { anyObject, json, refused } from './openapi-parts.ts'

const slug = { name: 'slug', in: 'path', required: true, schema: { type: 'string' }, description: 'The slug of the flow.' }
const query = {
  name: 'query',
  in: 'query',
  schema: { type: 'string' },
  description: 'The query string of the page, encoded once more: `next` and what stages read. The last request decides.',
}

const invitation = {
  name: 'invite_uuid',
  in: 'path',
  required: true,
  schema: { type: 'string', format: 'uuid' },
  description: 'The id of the invitation.',
}
const addresses = (maxItems: number, description: string) => ({
  type: 'array',
  items: { type: 'string', format: 'email', maxLength: 254 },
  maxItems,
  description,
})
const invitationMail = {
  type: 'object',
  required: ['email_addresses'],
  properties: {
    email_addresses: { ...addresses(mostAddressees, 'Who is invited: each gets a mail of their own.'), minItems: 1 },
    cc_addresses: addresses(mostCopies, 'Who gets a copy of each mail.'),
    bcc_addresses: addresses(mostCopies, 'Who gets a copy of each mail that nobody else sees.'),
    template: { type: 'string', default: 'email/invitation.html', description: 'What the mail says: a file of the templates.' },
  },
}

const challenge = json('What to show now.', { $ref: '#/components/schemas/Challenge' })

/** Every path below `/api/v3`. */
export function describePaths(): object {
  return {
    '/flows/executor/{slug}/': {
      parameters: [slug, query],
      get: {
        operationId: 'flows_executor_get',
        tags: ['flows'],
        summary: 'The standing challenge; starts the flow if it does not run yet.',
        responses: { 200: challenge, 404: refused('There is no such flow.'), 503: refused('The server is busy.') },
      },
      post: {
        operationId: 'flows_executor_solve',
        tags: ['flows'],
        summary: 'Answers the standing challenge.',
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/ChallengeResponse' } } } },
        responses: {
          200: json('The answer was refused (`response_errors`), or the flow is over.', {
            $ref: '#/components/schemas/Challenge',
          }),
          302: { description: 'Passed: fetch the next challenge from the same address.' },
          400: refused('The body is not a JSON object.'),
          403: refused('The page is not ours, or the CSRF header is missing.'),
          404: refused('There is no such flow.'),
          413: refused('The body is too large.'),
          415: refused('The body is not JSON.'),
          429: refused('Too many wrong guesses.'),
          503: refused('The server is busy.'),
        },
      },
    },
    '/flows/instances/{slug}/execute/': {
      parameters: [slug],
      get: {
        operationId: 'flows_instances_execute_retrieve',
        tags: ['flows'],
        summary: 'Plans a flow about the caller, who must be an administrator.',
        security: [{ session: [] }, { token: [] }],
        responses: {
          200: json('Where the flow goes on.', anyObject),
          400: refused('The flow does not apply.'),
          403: refused('Not allowed.'),
        },
      },
    },
    '/stages/invitation/invitations/{invite_uuid}/send_email/': {
      parameters: [invitation],
      post: {
        operationId: 'stages_invitation_invitations_send_email_create',
        tags: ['stages'],
        summary: 'Mails an invitation, one mail for each address. The caller must be an administrator.',
        security: [{ session: [] }, { token: [] }],
        requestBody: { required: true, content: { 'application/json': { schema: invitationMail } } },
        responses: {
          204: { description: 'The mails are on their way.' },
          400: json('An address or the template is none, or the invitation names no flow or has expired.', anyObject),
          403: refused('Not allowed, or the CSRF header is missing.'),
          404: refused('There is no such invitation.'),
          413: refused('The body is too large.'),
          415: refused('The body is not JSON.'),
        },
      },
    },
    '/stages/prompt/prompts/preview/': {
      post: {
        operationId: 'stages_prompt_prompts_preview_create',
        tags: ['stages'],
        summary: 'Shows a prompt that is not stored, as its stage would. The caller must be an administrator.',
        security: [{ session: [] }, { token: [] }],
        requestBody: { required: true, content: { 'application/json': { schema: anyObject } } },
        responses: {
          200: challenge,
          400: json('What is wrong with the prompt, by fields.', anyObject),
          403: refused('Not allowed, or the CSRF header is missing.'),
        },
      },
    },
    ...describeDuoPaths(),
    '/core/users/me/': {
      get: {
        operationId: 'core_users_me_retrieve',
        tags: ['core'],
        summary: 'Who is signed in.',
        security: [{ session: [] }, { token: [] }],
        responses: { 200: json('The account.', anyObject), 403: refused('Nobody is signed in.') },
      },
    },
    '/core/brands/current/': {
      get: {
        operationId: 'core_brands_current_retrieve',
        tags: ['core'],
        summary: 'The brand of this host.',
        responses: { 200: json('The brand.', anyObject) },
      },
    },
    '/root/config/': {
      get: {
        operationId: 'root_config_retrieve',
        tags: ['root'],
        summary: 'What this server can do.',
        responses: { 200: json('The server.', anyObject) },
      },
    },
    '/schema/': {
      get: {
        operationId: 'schema_retrieve',
        tags: ['root'],
        summary: 'This document.',
        responses: { 200: json('OpenAPI 3.1.', anyObject) },
      },
    },
  }
}
