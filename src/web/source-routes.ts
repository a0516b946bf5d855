import type { Context } from 'hono'
import { html } from 'hono/html'
import type { ConfiguredObject } from '../flow/definition.ts'
import {
  ActionNotAllowedError,
  ExecutionExpiredError,
  ExecutionNotFoundError,
  FlowNotFoundError,
  StaleStepError,
  UnexpectedResponseError,
} from '../flow/errors.ts'
import type { SlugExecutor } from '../flow/slug-executor.ts'
import { sourceStageKind } from '../flow/sources.ts'
import type { FlowStep } from '../flow/step.ts'
import { createRoutes, type HttpApp, type HttpEnvironment } from '../http/app.ts'
import { page } from './layout.ts'

/** What the ways to sources and back need. */
export interface SourceRouteServices {
  readonly executor: SlugExecutor
  /** Where a source sends people back to. */
  readonly callbackUrl: (slug: string) => string
  /** The absolute URL of a flow's page. */
  readonly flowPageUrl: (slug: string, query: string) => string
  /** Whether pages of an origin may talk to this server. */
  readonly isListedOrigin: (origin: string) => boolean
}

/** The way to sources from login buttons, and the way back from all of them (reference: stages 5). */
export function sourceRoutes(services: SourceRouteServices): HttpApp {
  const routes = createRoutes()
  routes.get('/source/oauth/login/:slug/', (context) => leave(context, services))
  routes.get('/source/oauth/callback/:slug/', (context) => comeBack(context, services))
  return routes
}

/** A login button leads straight to the source; the source's flow goes on from there. */
async function leave(context: Context<HttpEnvironment>, { executor, flowPageUrl }: SourceRouteServices): Promise<Response> {
  const { request } = context.var
  const { visitor } = request
  const configuration = await executor.flows.configuration(visitor)
  const source = configuration.objects().find((object) => isButton(object, context.req.param('slug') ?? ''))
  if (!source) throw new FlowNotFoundError()
  const named = configuration.flowById(String(source.config.authenticationFlow))
  const live = named ?? (await executor.flows.flowFor('authentication', visitor))
  const { slug } = live.definition.flow
  const reply = await executor.startThrough(
    { visitor, slug, query: context.req.query(), denialNext: undefined },
    sourceStage(source),
    {
      is_sso: true,
      source: { id: source.id, name: source.name, slug: String(source.config.slug) },
    },
  )
  await request.issue(reply)
  const { status, challenge } = reply.step
  const leads = status === 'active' && challenge.kind === sourceStageKind
  return context.redirect(leads ? String(challenge.fields.to) : pageOf(reply.step, flowPageUrl), 303)
}

function isButton({ config }: ConfiguredObject, slug: string): boolean {
  return config.slug === slug && config.enabled === true && 'authenticationFlow' in config
}

/** What a login button puts before the flow. */
function sourceStage({ id, name }: ConfiguredObject) {
  return { kind: sourceStageKind, name, config: { source: id, resumeTimeout: 'minutes=10', resumeOnMatchFailures: [] } }
}

/** Only the browser that left may come back, once, with the state that it left with. */
async function comeBack(context: Context<HttpEnvironment>, services: SourceRouteServices): Promise<Response> {
  const { executor, callbackUrl, flowPageUrl } = services
  const { request } = context.var
  const { visitor } = request
  const [executionId = ''] = (context.req.query('state') ?? '').split('.')
  const response = { callbackUrl: `${callbackUrl(context.req.param('slug') ?? '')}${new URL(context.req.url).search}` }
  try {
    const { step } = await executor.peek(visitor, executionId)
    if (step.challenge.kind !== sourceStageKind)
      return refuse(context, 'This sign-in has gone on already.', pageOf(step, flowPageUrl))
    const { stepToken } = step
    const reply = await executor.respond({ visitor, executionId, stepToken, kind: sourceStageKind, response })
    await request.issue(reply)
    const [problem] = reply.step.errors
    if (problem) return refuse(context, problem.message, pageOf(reply.step, flowPageUrl))
    return context.redirect(returnOf(reply.step, services), 303)
  } catch (error) {
    if (error instanceof ExecutionNotFoundError || error instanceof ExecutionExpiredError)
      return refuse(context, 'This sign-in was begun in another browser, or is over.')
    if (error instanceof StaleStepError || error instanceof UnexpectedResponseError || error instanceof ActionNotAllowedError)
      return refuse(context, 'This sign-in has gone on already.', pageOf(error.step, flowPageUrl))
    throw error
  }
}

/** The flow's page. What runs is named behind the hash, which no server sees and only the session itself can use. */
function pageOf({ executionId, flow, query }: FlowStep, flowPageUrl: SourceRouteServices['flowPageUrl']): string {
  return `${flowPageUrl(flow.slug, new URLSearchParams(query).toString())}#execution=${executionId}`
}

/** A frontend elsewhere may have asked to be come back to, if it may talk to this server at all. */
function returnOf(step: FlowStep, { flowPageUrl, isListedOrigin }: SourceRouteServices): string {
  const wanted = step.query.return_to
  if (wanted === undefined || !URL.canParse(wanted)) return pageOf(step, flowPageUrl)
  const url = new URL(wanted)
  if (!isListedOrigin(url.origin)) return pageOf(step, flowPageUrl)
  url.hash = `execution=${step.executionId}`
  return url.href
}

function refuse(context: Context<HttpEnvironment>, message: string, goOn?: string): Response | Promise<Response> {
  const link = goOn === undefined ? '' : html`<p><a href="${goOn}">Go on</a></p>`
  return context.html(page('Not this way', html`<h1>Not this way</h1><p>${message}</p>${link}`), 400)
}
