import { randomUUID } from 'node:crypto'
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import { type DocumentNode, GraphQLError, type GraphQLSchema, getOperationAST, OperationTypeNode } from 'graphql'
import { createYoga, isAsyncIterable, type YogaServerInstance } from 'graphql-yoga'
import { FlowError, ServiceUnavailableError } from '../flow/errors.ts'
import { currentRequestId } from '../operations/request-scope.ts'
import type { GraphQLContext } from './builder.ts'
import { exampleSignIn } from './example.ts'
import { limitPlugins } from './limits.ts'

/** What the endpoint is made of. */
export interface GraphQLServerOptions {
  readonly schema: GraphQLSchema
  readonly graphiql: boolean
  /** For what no caller can do anything about. */
  readonly report: (error: unknown, requestId: string) => void
}

type Yoga = YogaServerInstance<GraphQLContext, object>

/** The endpoint at `/graphql`. */
export class GraphQLServer {
  readonly yoga: Yoga

  constructor({ schema, graphiql, report }: GraphQLServerOptions) {
    this.yoga = createYoga<GraphQLContext>({
      schema,
      graphqlEndpoint: '/graphql',
      landingPage: false,
      cors: false,
      batching: false,
      multipart: false,
      logging: false,
      graphiql: graphiql && { title: 'Stagedoor', defaultQuery: exampleSignIn, subscriptionsProtocol: 'WS' },
      renderGraphiQL,
      plugins: limitPlugins(),
      maskedErrors: { maskError: (error) => masked(error, report) },
    })
  }

  /** Answers a request; `body` is its text, read already. */
  async handle(request: Request, body: string | undefined, context: GraphQLContext): Promise<Response> {
    const quick = body === undefined ? undefined : await this.quickly(request, body, context)
    if (quick) return quick
    const { method, headers, url, signal } = request
    return this.yoga.fetch(new Request(url, { method, headers, signal, ...(body !== undefined && { body }) }), context)
  }

  /**
   * The way of almost every request: a well-formed query or mutation as JSON. Yoga's own HTTP layer costs several times what
   * the operation does. Whatever is not plain goes on to it, so that there is one word on errors, batches, streams and forms.
   */
  private async quickly(request: Request, body: string, context: GraphQLContext): Promise<Response | undefined> {
    const accept = request.headers.get('accept') ?? ''
    const type = responseType(accept)
    const params = type && readParams(body)
    if (!type || !params) return undefined

    const { parse, validate, contextFactory, execute, schema } = this.yoga.getEnveloped({ ...context, request, params } as never)
    const document = attempt(() => parse(params.query) as DocumentNode)
    const operation = document && getOperationAST(document, params.operationName)
    if (!document || !operation || operation.operation === OperationTypeNode.SUBSCRIPTION) return undefined
    // The limits throw, so that nothing else looks at an operation that is too large.
    if (!attempt(() => validate(schema, document).length === 0)) return undefined

    const result = await execute({
      schema,
      document,
      contextValue: await contextFactory(),
      variableValues: params.variables ?? null,
      operationName: params.operationName ?? null,
    } as never)
    // Without data the operation was not begun: wrong variables, for one. Yoga spells that.
    if (isAsyncIterable(result) || !('data' in result)) return undefined
    return new Response(JSON.stringify(result), { status: 200, headers: { 'content-type': `${type}; charset=utf-8` } })
  }
}

interface Params {
  readonly query: string
  readonly operationName?: string | undefined
  readonly variables?: Record<string, unknown> | undefined
}

/** A request's parameters where there is nothing odd about them. */
function readParams(body: string): Params | undefined {
  const params = attempt(() => JSON.parse(body) as unknown)
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return undefined
  const { query, operationName, variables, ...rest } = params as Record<string, unknown>
  const odd = Object.keys(rest).some((key) => key !== 'extensions') || rest.extensions != null
  if (
    odd ||
    typeof query !== 'string' ||
    !isAbsentOr('string', operationName) ||
    !isAbsentOr('object', variables) ||
    Array.isArray(variables)
  )
    return undefined
  return {
    query,
    operationName: (operationName ?? undefined) as string | undefined,
    variables: (variables ?? undefined) as Params['variables'],
  }
}

function isAbsentOr(type: string, value: unknown): boolean {
  return value === undefined || value === null || typeof value === type
}

/** What to answer in; undefined where the client wants a stream, or something else that Yoga has to decide. */
function responseType(accept: string): string | undefined {
  if (accept === '' || accept === '*/*' || accept.includes('application/json')) {
    return accept.includes('application/graphql-response+json') ? 'application/graphql-response+json' : 'application/json'
  }
  return accept.startsWith('application/graphql-response+json') ? 'application/graphql-response+json' : undefined
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** Errors that are meant for clients pass; all others become one sentence and the id of the request, which the log bears. */
function masked(error: unknown, report: GraphQLServerOptions['report']): Error {
  const original = error instanceof GraphQLError ? error.originalError : error
  if (error instanceof GraphQLError && (!original || original instanceof GraphQLError)) return error
  const requestId = currentRequestId() ?? randomUUID()
  if (original instanceof FlowError) {
    if (original instanceof ServiceUnavailableError) report(original, requestId)
    return inPlaceOf(error, original.message, { code: original.code })
  }
  report(original, requestId)
  return inPlaceOf(error, 'Unexpected error.', { code: 'INTERNAL_SERVER_ERROR', requestId })
}

/** Another error at the same place of the operation. */
function inPlaceOf(error: unknown, message: string, extensions: Record<string, string>): GraphQLError {
  const { nodes, path } = error instanceof GraphQLError ? error : { nodes: undefined, path: undefined }
  return new GraphQLError(message, { ...(nodes && { nodes }), ...(path && { path }), extensions })
}
