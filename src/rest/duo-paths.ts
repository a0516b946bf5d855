import { json, refused } from './openapi-parts.ts'

const stage = {
  name: 'stage_uuid',
  in: 'path',
  required: true,
  schema: { type: 'string', format: 'uuid' },
  description: 'The id of a stage that sets up Duo.',
}
const security = [{ session: [] }, { token: [] }]
const notImported = json('Why nothing was imported.', {
  type: 'object',
  properties: { non_field_errors: { type: 'array', items: { type: 'string' }, description: 'For the administrator.' } },
})
const forAdministrators = {
  403: refused('Not allowed, or the CSRF header is missing.'),
  404: refused('There is no such stage.'),
}
const device = {
  type: 'object',
  required: ['duo_user_id', 'username'],
  properties: {
    duo_user_id: { type: 'string', minLength: 1, maxLength: 200, description: 'The id of the person at Duo.' },
    username: { type: 'string', minLength: 1, maxLength: 150, description: 'The name of the person here.' },
  },
}
const imported = {
  type: 'object',
  required: ['count', 'error'],
  properties: {
    count: { type: 'integer', description: 'How many devices were imported.' },
    error: { type: 'string', description: 'Why none was; empty otherwise.' },
  },
}
const status = {
  type: 'object',
  required: ['duo_response'],
  properties: {
    duo_response: {
      enum: ['success', 'waiting', 'invalid'],
      description: 'Whether the device is activated: answer the challenge then.',
    },
  },
}

/** What is asked about devices at Duo. */
export function describeDuoPaths(): object {
  return {
    '/stages/authenticator/duo/{stage_uuid}/enrollment_status/': {
      parameters: [stage],
      post: {
        operationId: 'stages_authenticator_duo_enrollment_status_create',
        tags: ['stages'],
        summary: "Asks Duo whether the device of this session's flow is activated. Needs no sign-in.",
        responses: {
          200: json('What Duo says.', status),
          400: { description: 'No flow of this session sets a device up with the stage.' },
          403: refused('The CSRF header is missing.'),
          404: refused('There is no such stage.'),
          429: refused('Asked too often.'),
        },
      },
    },
    '/stages/authenticator/duo/{stage_uuid}/import_device_manual/': {
      parameters: [stage],
      post: {
        operationId: 'stages_authenticator_duo_import_device_manual_create',
        tags: ['stages'],
        summary: 'Connects somebody with who they are at Duo. The caller must be an administrator.',
        security,
        requestBody: { required: true, content: { 'application/json': { schema: device } } },
        responses: { 204: { description: 'The device is imported.' }, 400: notImported, ...forAdministrators },
      },
    },
    '/stages/authenticator/duo/{stage_uuid}/import_devices_automatic/': {
      parameters: [stage],
      post: {
        operationId: 'stages_authenticator_duo_import_devices_automatic_create',
        tags: ['stages'],
        summary: 'Connects everybody with whom Duo knows by the same name. The caller must be an administrator.',
        security,
        responses: { 200: json('How many were.', imported), 400: notImported, ...forAdministrators },
      },
    },
  }
}
