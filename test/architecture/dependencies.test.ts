import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { describe, expect, it, onTestFinished } from 'vitest'
import { dependencyRules } from './dependency-rules.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Every import below `src` and `test`, types too. TypeScript is read by swc: the compiler has no JavaScript API any more. */
async function cruiseFolder(baseDir: string): Promise<ICruiseResult> {
  const { output } = await cruise(['src', 'test'], {
    baseDir,
    parser: 'swc',
    validate: true,
    ruleSet: { forbidden: [...dependencyRules] },
    doNotFollow: { path: ['node_modules', '^src/generated/'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  })
  if (typeof output === 'string') throw new Error('dependency-cruiser gave a report instead of a result.')
  return output
}

/** What is against the rules, and what to do instead. */
function violations({ summary }: ICruiseResult): string[] {
  const comments = new Map(dependencyRules.map(({ name, comment }) => [name, comment]))
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to} (${comments.get(rule.name)})`)
}

/** A source tree for the length of a test. */
function writeSources(sources: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-sources-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(sources)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

describe('the arrows between the parts', () => {
  it('point where the rules let them', { timeout: 60_000 }, async () => {
    const result = await cruiseFolder(root)
    const seen = result.modules.filter(({ source }) => source.startsWith('src/')).length

    expect(seen, 'source files read: without @swc/core dependency-cruiser sees no TypeScript').toBeGreaterThan(150)
    expect(violations(result)).toEqual([])
  })
})

/** Imports that the rules forbid: where, what, and by which rule. */
const wrong: readonly [from: string, code: string, rule: string, to: string][] = [
  ['src/flow/executor.ts', `import '../shapes/shape.ts'`, 'engine-needs-nobody', 'src/shapes/shape.ts'],
  [
    'src/flow/step.ts',
    `export type { Totp } from '../stages/totp/totp.stage.ts'`,
    'engine-needs-nobody',
    'src/stages/totp/totp.stage.ts',
  ],
  ['src/flow/clock.ts', `export const clock = () => import('node:timers')`, 'engine-needs-nobody', 'timers'],
  ['src/flow/http.ts', `import { Hono } from 'hono'\nexport default Hono`, 'engine-needs-nobody', 'node_modules/hono'],
  ['src/credentials/totp.ts', `import '../flow/plan.ts'`, 'credentials-need-shapes-alone', 'src/flow/plan.ts'],
  ['src/shapes/shape.ts', `import '../credentials/random.ts'`, 'shapes-need-nobody', 'src/credentials/random.ts'],
  ['src/stages/sms/sms.stage.ts', `import '../totp/totp.stage.ts'`, 'stages-stand-alone', 'src/stages/totp/totp.stage.ts'],
  ['src/stages/mail/mail.stage.ts', `import '../../operations/mailer.ts'`, 'stages-stand-alone', 'src/operations/mailer.ts'],
  ['src/policies/geoip/geoip.policy.ts', `import '../engine.ts'`, 'policies-stand-alone', 'src/policies/engine.ts'],
  [
    'src/policies/score/score.policy.ts',
    `import type { X } from '../geoip/geoip.policy.ts'`,
    'policies-stand-alone',
    'src/policies/geoip/geoip.policy.ts',
  ],
  ['src/sources/index.ts', `import '../stages/index.ts'`, 'sources-stand-alone', 'src/stages/index.ts'],
  [
    'src/sources/saml/saml.source.ts',
    `import '../openid-connect/claims.ts'`,
    'kinds-of-source-stand-alone',
    'src/sources/openid-connect/claims.ts',
  ],
  ['src/graphql/schema.ts', `import '../stages/index.ts'`, 'faces-are-apart', 'src/stages/index.ts'],
  ['src/graphql/errors.ts', `import '../rest/codec.ts'`, 'faces-are-apart', 'src/rest/codec.ts'],
  ['src/rest/routes.ts', `import '../policies/policy.ts'`, 'faces-are-apart', 'src/policies/policy.ts'],
  ['src/http/server.ts', `import '../graphql/schema.ts'`, 'pages-and-http-know-no-kinds', 'src/graphql/schema.ts'],
  ['src/web/pages.ts', `import '../stages/index.ts'`, 'pages-and-http-know-no-kinds', 'src/stages/index.ts'],
  ['src/session/rows.ts', `import '../db/users.ts'`, 'store-behind-ports', 'src/db/users.ts'],
  ['src/operations/mailer.ts', `import type { Pool } from 'pg'\nexport type P = Pool`, 'store-behind-ports', 'node_modules/pg'],
  ['src/delivery/courier.ts', `import '../stages/index.ts'`, 'delivery-stands-alone', 'src/stages/index.ts'],
  ['src/http/mails.ts', `import '../delivery/sms.ts'`, 'delivery-behind-ports', 'src/delivery/sms.ts'],
  ['src/duo/users.ts', `import '../operations/mailer.ts'`, 'duo-stands-alone', 'src/operations/mailer.ts'],
  ['src/http/pushes.ts', `import '../duo/client.ts'`, 'duo-behind-ports', 'src/duo/client.ts'],
  ['src/blueprints/apply.ts', `import '../generated/client.ts'`, 'generated-client-in-one-place', 'src/generated/client.ts'],
  ['src/session/cookie.ts', `import '../../test/support/fake.ts'`, 'product-without-tests', 'test/support/fake.ts'],
  ['src/credentials/random.ts', `import './random.test.ts'`, 'product-without-tests', 'src/credentials/random.test.ts'],
  [
    'src/config.ts',
    `import { parse } from 'acorn'\nexport default parse`,
    'product-without-development-tools',
    'node_modules/acorn',
  ],
  ['src/rest/app.ts', `import '../app.ts'`, 'one-composition-root', 'src/app.ts'],
  ['test/journeys/sign-in.test.ts', `import '../../src/app.ts'`, 'one-composition-root', 'src/app.ts'],
  ['test/journeys/sign-out.test.ts', `import './sign-in.test.ts'`, 'tests-import-no-tests', 'test/journeys/sign-in.test.ts'],
  ['src/flow/one.ts', `import './two.ts'`, 'no-cycle', 'src/flow/two.ts'],
  ['src/cli/serve.ts', `import '../no-such-file.ts'`, 'imports-exist', '../no-such-file.ts'],
]

/** What the rules allow, and what the wrong imports lead to. */
const right: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ dependencies: { hono: '*', pg: '*', zod: '*' }, devDependencies: { acorn: '*' } }),
  'src/main.ts': `import './cli/program.ts'`,
  'src/app.ts': `import './db/users.ts'\nimport './stages/index.ts'\nimport './rest/codec.ts'`,
  'src/compose-engine.ts': `import './delivery/sms.ts'\nimport './duo/client.ts'`,
  'src/duo/client.ts': `import '../flow/ports.ts'\nimport '../credentials/codes.ts'`,
  'src/delivery/sms.ts': `import '../flow/ports.ts'`,
  'src/cli/program.ts': `import '../app.ts'\nimport '../db/users.ts'`,
  'src/db/users.ts': `import '../generated/client.ts'\nimport '../flow/ports.ts'`,
  'src/generated/client.ts': 'export {}',
  'src/flow/ports.ts': `import 'zod'`,
  'src/flow/plan.ts': 'export {}',
  'src/flow/two.ts': `export type { One } from './one.ts'`,
  'src/credentials/random.test.ts': `import '../../test/support/fake.ts'`,
  'src/stages/index.ts': `import './totp/totp.stage.ts'`,
  'src/stages/totp/totp.stage.ts': `import './secret.ts'\nimport '../../flow/ports.ts'\nimport '../../credentials/codes.ts'\nexport interface Totp {}`,
  'src/stages/totp/secret.ts': 'export {}',
  'src/credentials/codes.ts': `import '../shapes/text.ts'`,
  'src/shapes/text.ts': 'export {}',
  'src/sources/source.ts': `import '../flow/ports.ts'`,
  'src/sources/openid-connect/claims.ts': `import '../source.ts'`,
  'src/policies/engine.ts': `import './policy.ts'`,
  'src/policies/policy.ts': `import '../flow/ports.ts'`,
  'src/rest/codec.ts': 'export {}',
  'test/support/fake.ts': `import '../../src/app.ts'`,
}

describe('the rules about arrows', () => {
  it('report every kind of wrong import, and no right one', { timeout: 60_000 }, async () => {
    const folder = writeSources({ ...right, ...Object.fromEntries(wrong.map(([from, code]) => [from, code])) })
    const { summary } = await cruiseFolder(folder)
    const reported = summary.violations.map(
      ({ rule, from, to }) => `${rule.name}: ${from} -> ${to.replace(/^.*(node_modules\/[^/]+).*$/, '$1')}`,
    )

    expect(reported.sort()).toEqual(wrong.map(([from, , rule, to]) => `${rule}: ${from} -> ${to}`).sort())
    expect(dependencyRules.map(({ name }) => name).filter((name) => !wrong.some(([, , rule]) => rule === name))).toEqual([])
  })
})
