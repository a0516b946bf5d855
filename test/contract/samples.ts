import type { Shape } from '../../src/shapes/shape-kinds.ts'

/** The least that an administrator must write, for kinds that do not do with nothing. */
const leastConfigs: Readonly<Record<string, object>> = {
  identification: { userFields: ['username'] },
  password: { backends: ['authentik.core.auth.InbuiltBackend'] },
  redirect: { mode: 'static', targetStatic: 'https://example.test/' },
  password_expiry: { days: 30 },
}

/** What makes a kind show its screen that would otherwise pass without one. */
const askingConfigs: Readonly<Record<string, object>> = {
  user_login: { rememberMeOffset: 'days=1' },
}

/** The shortest config that a kind's schema takes. */
export function leastConfig(kind: string): object {
  return leastConfigs[kind] ?? {}
}

/** A config with which a kind asks something, if it ever does. */
export function askingConfig(kind: string): object {
  return { ...leastConfig(kind), ...askingConfigs[kind] }
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
