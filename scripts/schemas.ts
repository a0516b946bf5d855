export const providers = ['sqlite', 'postgresql'] as const
export type Provider = (typeof providers)[number]

const notice = '// Derived from ../models.prisma by scripts/generate.ts. Edit that page, then run `npm run generate`.\n'

/** One provider's whole Prisma schema: generator and datasource in front of the shared models. */
export function schemaFor(provider: Provider, models: string): string {
  return `${notice}
generator client {
  provider     = "prisma-client"
  output       = "../../src/generated/${provider}"
  moduleFormat = "esm"
  importFileExtension = "ts"
}

datasource db {
  provider = "${provider}"
}

${provider === 'postgresql' ? withTimeZones(models) : models}`
}

/** PostgreSQL keeps instants, not wall-clock times. */
function withTimeZones(models: string): string {
  return models.replaceAll(/^( +\w+ +DateTime\??)(.*)$/gm, '$1 @db.Timestamptz(3)$2')
}
