const slug = { name: 'slug', in: 'path', required: true, schema: { type: 'string' }, description: 'The slug of the flow.' }
const query = {
  name: 'query',
  in: 'query',
  schema: { type: 'string' },
  description: 'The query string of the page, encoded once more: `next` and what stages read. The last request decides.',
}

const json = (description: string, schema: object) => ({ description, content: { 'application/json': { schema } } })
const refused = (description: string) => json(description, { $ref: '#/components/schemas/Error' })
const anyObject = { type: 'object', additionalProperties: true }
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
