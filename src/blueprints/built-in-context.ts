import type { MapValue } from './document/value.ts'

/** What authentik's blueprints may ask of every server (reference: flow-core 7.2). A file's own context wins. */
const builtIns: Readonly<Record<string, boolean>> = { 'goauthentik.io/enterprise/licensed': false }

/** The context of a file, over what every file has. */
export function withBuiltIns({ at, members }: MapValue): MapValue {
  const known = Object.entries(builtIns).map(([key, value]) => [key, { at, value: { type: 'scalar', at, value } }] as const)
  return { type: 'map', at, members: new Map([...known, ...members]) }
}
