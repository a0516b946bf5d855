import type { z } from 'zod'
import { readShape } from '../../src/shapes/shape.ts'
import type { Shape } from '../../src/shapes/shape-kinds.ts'

/** The least that an administrator must write, for kinds whose fields must agree with each other. */
const leastConfigs: Readonly<Record<string, object>> = {
  // Nobody listens there.
  authenticator_duo: { clientId: 'DI1', clientSecret: 'not a real secret', apiHostname: '127.0.0.1:1' },
  authenticator_sms: { provider: 'twilio', fromNumber: '+15550199', accountSid: 'AC1', auth: 'not a real token' },
  captcha: { provider: 'altcha', maxNumber: 4 },
  identification: { userFields: ['username'] },
  redirect: { mode: 'static', targetStatic: 'https://example.test/' },
}

/** What makes a kind show its screen that would otherwise pass without one. */
const askingConfigs: Readonly<Record<string, object>> = {
  user_login: { rememberMeOffset: 'days=1' },
}

/** The shortest config that a kind's schema takes: the fields that it cannot do without. */
export function leastConfig({ kind, config }: { readonly kind: string; readonly config: z.ZodObject }): object {
  const required = readShape('Config', config, 'input').fields.filter(({ optional }) => !optional)
  return leastConfigs[kind] ?? Object.fromEntries(required.map(({ name, shape }) => [name, sampleOf(shape)]))
}

/** A config with which a kind asks something, if it ever does. */
export function askingConfig(definition: { readonly kind: string; readonly config: z.ZodObject }): object {
  return { ...leastConfig(definition), ...askingConfigs[definition.kind] }
}

/** Some value of a shape: for an object, one with all its fields. */
export function sampleOf(shape: Shape): unknown {
  switch (shape.type) {
    case 'scalar':
      return scalars[shape.scalar]
    case 'enum':
      return shape.values[0]?.value
    case 'list':
      return [sampleOf(shape.element)]
    case 'object':
      return Object.fromEntries(shape.fields.map((field) => [field.name, sampleOf(field.shape)]))
    case 'json':
      return {}
  }
}

const scalars = {
  string: 'text',
  integer: 1,
  float: 1.5,
  boolean: true,
  id: '0b7f3a5e-6f0e-4b57-8d3f-3a1d9a0c0001',
  dateTime: '2026-03-01T12:00:00.000Z',
} as const
