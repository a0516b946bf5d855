import { camelCase, snakeCase } from '../../src/shapes/names.ts'
import { Browser } from './browser-requests.ts'
import { type Fields, type JourneyClient, problem, type View, viewOf } from './journey-view.ts'

/** A client written for authentik: it knows a flow by its slug, and fetches again where it is told to. */
export class RestJourney extends Browser implements JourneyClient {
  /** The executor's address of the page. */
  path = ''

  start(slug: string, query = ''): Promise<View> {
    return this.open(`/api/v3/flows/executor/${slug}/?${new URLSearchParams({ query })}`)
  }

  /** Opens an address of the executor as it is written. */
  open(path: string): Promise<View> {
    this.path = path
    return this.read()
  }

  async read(): Promise<View> {
    return readView(await this.send('GET', this.path))
  }

  async submit(kind: string, response: Fields = {}): Promise<View> {
    // The keys of a prompt are the administrator's: they are sent as they stand.
    const nameOf = kind === 'prompt' ? (name: string) => name : snakeCase
    const wire = Object.fromEntries(Object.entries(response).map(([name, value]) => [nameOf(name), value]))
    return readView(await this.send('POST', this.path, { json: wire }))
  }

  async answer(kind: string, response?: Fields): Promise<View> {
    const view = await this.submit(kind, response)
    return view.kind === 'moved' ? this.open(view.to ?? '') : view
  }

  async follow(view: View): Promise<View> {
    const [, slug, query] = /^\/if\/flow\/([^/]+)\/(?:\?(.*))?$/.exec(view.kind === 'redirect' ? (view.to ?? '') : '') ?? []
    return slug === undefined ? view : this.start(slug, query)
  }

  async whoAmI(): Promise<string | undefined> {
    const response = await this.send('GET', '/api/v3/core/users/me/')
    return response.ok ? ((await response.json()) as { user: { username: string } }).user.username : undefined
  }

  tab(): RestJourney {
    return new RestJourney(this.url, this.jar)
  }

  twin(): RestJourney {
    const twin = new RestJourney(this.url, this.jar.copy())
    twin.path = this.path
    return twin
  }
}

async function readView(response: Response): Promise<View> {
  const { status, headers } = response
  if (status === 302) return { kind: 'moved', fields: {}, errors: [], to: headers.get('location') ?? '' }
  const body = (await response.json()) as Record<string, unknown>
  if (status !== 200) {
    const retryAfter = headers.get('retry-after')
    return problem(String(body.code).toUpperCase(), retryAfter === null ? {} : { retryAfter: Number(retryAfter) })
  }
  // `type` only repeats the component for clients of old.
  const { component, type: _, response_errors, flow_info, ...fields } = body
  const errors = errorsOf(response_errors, component === 'ak-stage-prompt')
  return viewOf(kindOf(String(component)), String(component), camelKeys(fields) as Fields, errors, (flow_info ?? {}) as Fields)
}

/** `ak-stage-user-login` shows a `user_login`. */
function kindOf(component: string): string {
  return component === 'xak-flow-redirect' ? 'redirect' : component.replace('ak-stage-', '').replaceAll('-', '_')
}

function errorsOf(wire: unknown, keyed: boolean): Fields[] {
  const nameOf = (field: string) => (keyed && field !== 'non_field_errors' ? field : camelCase(field))
  const byField = Object.entries((wire ?? {}) as Record<string, { string: string; code: string }[]>)
  return byField.flatMap(([field, errors]) =>
    errors.map(({ string: message, code }) => ({ field: nameOf(field), message, code })),
  )
}

function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [camelCase(name), camelKeys(member)]))
}
