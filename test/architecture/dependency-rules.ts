import type { IForbiddenRuleType } from 'dependency-cruiser'

const libraries = 'node_modules/'
const test = '\\.test\\.ts$'
const store = '^src/(?:db|generated)/'
const storeLibraries = 'node_modules/(?:@prisma|\\.prisma|prisma|pg|better-sqlite3)/'
const compositions = ['^src/app\\.ts$', '^src/compose-engine\\.ts$', '^src/bootstrap\\.ts$', '^src/cli/', '^src/blueprints/']

/** Which arrows there may not be. Each comment says what to do instead. */
export const dependencyRules: readonly IForbiddenRuleType[] = [
  {
    name: 'no-cycle',
    comment: 'Move what both files need into a third one, or hand it over as an argument.',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'imports-exist',
    comment: 'Write the path with its extension, or add the package to package.json.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'engine-needs-nobody',
    comment: 'Declare what the engine needs as a port in flow/ports.ts, and let app.ts hand it over.',
    severity: 'error',
    from: { path: '^src/flow/', pathNot: test },
    to: { pathNot: ['^src/flow/', `${libraries}zod/`] },
  },
  {
    name: 'shapes-need-nobody',
    comment: 'They serve everybody: take what they need as an argument, or move the code to who needs it.',
    severity: 'error',
    from: { path: '^src/shapes/', pathNot: test },
    to: { path: '^src/', pathNot: '^src/shapes/' },
  },
  {
    name: 'credentials-need-shapes-alone',
    comment: 'They serve everybody: take what they need as an argument, or move the code to who needs it.',
    severity: 'error',
    from: { path: '^src/credentials/', pathNot: test },
    to: { path: '^src/', pathNot: '^src/(?:credentials|shapes)/' },
  },
  {
    name: 'stages-stand-alone',
    comment: 'Move what two kinds share to credentials/, and ask for the outside world through StageServices.',
    severity: 'error',
    from: { path: '^src/stages/([^/]+)/', pathNot: test },
    to: { path: '^src/', pathNot: ['^src/(?:flow|credentials|shapes)/', '^src/stages/$1/'] },
  },
  {
    name: 'policies-stand-alone',
    comment: 'Move what two kinds share to credentials/, and ask for the outside world through PolicyServices.',
    severity: 'error',
    from: { path: '^src/policies/([^/]+)/', pathNot: test },
    to: { path: '^src/', pathNot: ['^src/(?:flow|credentials|shapes)/', '^src/policies/policy\\.ts$', '^src/policies/$1/'] },
  },
  {
    name: 'sources-stand-alone',
    comment: 'Stages reach sources through StageServices; what both need to know is in flow/sources.ts.',
    severity: 'error',
    from: { path: '^src/sources/', pathNot: test },
    to: { path: '^src/', pathNot: '^src/(?:flow|credentials|shapes|sources)/' },
  },
  {
    name: 'kinds-of-source-stand-alone',
    comment: 'Move what two kinds share to src/sources/ itself, beside their contract.',
    severity: 'error',
    from: { path: '^src/sources/([^/]+)/', pathNot: test },
    to: { path: '^src/sources/', pathNot: ['^src/sources/$1/', '^src/sources/source\\.ts$'] },
  },
  {
    name: 'faces-are-apart',
    comment: 'Decide it once in flow/, and spell it in each face. app.ts hands over registries and stores.',
    severity: 'error',
    from: { path: '^src/(graphql|rest)/', pathNot: test },
    to: { path: '^src/(?:graphql|rest|stages|policies|sources|db|generated|blueprints)/', pathNot: '^src/$1/' },
  },
  {
    name: 'pages-and-http-know-no-kinds',
    comment: 'Show kinds by their shapes through a face; app.ts hands over what pages need.',
    severity: 'error',
    from: { path: '^src/(?:http|web)/', pathNot: test },
    to: { path: '^src/(?:graphql|rest|stages|policies|sources|db|generated|blueprints)/' },
  },
  {
    name: 'store-behind-ports',
    comment: 'Declare a port where the data is needed and implement it in db/; app.ts puts the two together.',
    severity: 'error',
    from: { path: '^src/', pathNot: [test, '^src/(?:db|generated)/', ...compositions] },
    to: { path: [store, storeLibraries] },
  },
  {
    name: 'delivery-stands-alone',
    comment: 'It knows what is to be sent and where; what is to be said is decided by stages, and app.ts puts them together.',
    severity: 'error',
    from: { path: '^src/delivery/', pathNot: test },
    to: { path: '^src/', pathNot: '^src/(?:delivery|flow|credentials)/' },
  },
  {
    name: 'delivery-behind-ports',
    comment: 'Ask for a mail by an effect, for a text message by StageServices; compose-engine.ts hands over what sends them.',
    severity: 'error',
    from: { path: '^src/', pathNot: ['^src/delivery/', '^src/compose-engine\\.ts$'] },
    to: { path: '^src/delivery/' },
  },
  {
    name: 'duo-stands-alone',
    comment: 'It knows how Duo is asked and what it answers; what follows from an answer is decided by stages.',
    severity: 'error',
    from: { path: '^src/duo/', pathNot: test },
    to: { path: '^src/', pathNot: '^src/(?:duo|flow|credentials)/' },
  },
  {
    name: 'duo-behind-ports',
    comment: 'Ask Duo through StageServices; compose-engine.ts hands over what asks.',
    severity: 'error',
    from: { path: '^src/', pathNot: ['^src/duo/', '^src/compose-engine\\.ts$'] },
    to: { path: '^src/duo/' },
  },
  {
    name: 'generated-client-in-one-place',
    comment: 'Import the client and its types from db/prisma.ts, which knows which provider runs.',
    severity: 'error',
    from: { pathNot: ['^src/db/', '^src/generated/'] },
    to: { path: '^src/generated/' },
  },
  {
    name: 'product-without-tests',
    comment: 'Move what both need into src/; fakes and fixtures stay in test/support/.',
    severity: 'error',
    from: { path: '^src/', pathNot: test },
    to: { path: ['^test/', test] },
  },
  {
    name: 'tests-import-no-tests',
    comment: 'Move what two tests share to test/support/.',
    severity: 'error',
    from: { path: ['^test/', test] },
    to: { path: test },
  },
  {
    name: 'product-without-development-tools',
    comment: 'Move the package to dependencies, if servers need it to run.',
    severity: 'error',
    from: { path: '^src/', pathNot: [test, '^src/generated/'] },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'one-composition-root',
    comment: 'Take what you need as an argument. Only what starts a server composes one; tests do it in test/support/.',
    severity: 'error',
    from: { pathNot: ['^src/main\\.ts$', '^src/cli/', '^test/support/'] },
    to: { path: '^src/app\\.ts$' },
  },
]
