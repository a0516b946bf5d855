import { z } from 'zod'
import { userTypes } from '../../flow/user.ts'
import { text } from '../../shapes/text.ts'

/** When an account is made (reference: stages 4.10). */
const creationMode = z.enum(['never_create', 'create_when_required', 'always_create']).meta({
  id: 'UserCreationMode',
  description: 'When an account is made.',
  values: {
    never_create: 'Never: the flow is about somebody who has one.',
    create_when_required: 'Where the flow is about nobody yet.',
    always_create: 'Whenever the stage is reached.',
  },
})

const userType = z.enum(userTypes).meta({
  id: 'UserType',
  description: 'What sort of account it is.',
  values: {
    internal: 'Somebody of the organisation.',
    external: 'A customer or guest.',
    service_account: 'A program.',
    internal_service_account: 'A program of the server itself.',
  },
})

/** What an administrator configures. */
export const userWriteConfig = z.object({
  userCreationMode: creationMode.default('create_when_required').describe('When an account is made.'),
  createUsersAsInactive: z.boolean().default(false).describe('Whether new accounts must be activated before they are of use.'),
  createUsersGroup: z.uuid().nullable().default(null).describe('The group that everybody joins whose account is written.'),
  userType: userType
    .default('external')
    .describe('What new accounts are, unless the flow says otherwise. None is a program of the server itself.'),
  userPathTemplate: text({ max: 500 })
    .default('')
    .describe('Where new accounts are filed, unless the flow says; empty: `users`.'),
  terminateOtherSessions: z
    .boolean()
    .default(true)
    .describe('Whether a new password ends all sessions of the user but the one that set it.'),
})

export type UserWriteConfig = z.output<typeof userWriteConfig>
