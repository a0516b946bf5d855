import { z } from 'zod'
import { continuation, frameworkChallenges, shownFields } from '../flow/challenges.ts'
import { flowDesignations, flowLayouts } from '../flow/definition.ts'
import type { StageRegistry } from '../flow/registry.ts'
import type { StageDefinition } from '../flow/stage.ts'
import {
  actionTypes,
  deliveryStates,
  executionStatuses,
  type FieldError,
  type FlowAction,
  type FlowStep,
  type Waiting,
  waitingReasons,
} from '../flow/step.ts'
import { camelCase, pascalCase } from '../shapes/names.ts'
import { readShape } from '../shapes/shape.ts'
import type { Builder, EnumType, ObjectType } from './builder.ts'
import { addResponseField, responseFieldsByKind } from './response-fields.ts'
import { ShapeTypes } from './shape-types.ts'

const flowInfo = z.object({
  slug: z.string().describe('Names the flow in addresses and in `startFlow`.'),
  name: z.string().describe('What administrators call it.'),
  title: z.string().describe('What to call it on screen, with the names of person and application filled in.'),
  designation: z
    .enum(flowDesignations)
    .meta({ id: 'FlowDesignation', description: 'What a flow is for.' })
    .describe('What the flow is for.'),
  layout: z
    .enum(flowLayouts)
    .meta({ id: 'FlowLayout', description: 'How the page of a flow is laid out: a wish of the administrator.' })
    .describe('How its page should be laid out.'),
  background: z.string().describe('The address of a background picture; empty: choose your own.'),
  cancelUrl: z.string().describe('Where to send somebody who gives up.'),
})

/** A flow as GraphQL shows it, filled from a step or from the configuration. */
export interface FlowInfoSource extends z.output<typeof flowInfo> {}

/** The types that say what a step is. */
export interface StepTypes {
  readonly shapes: ShapeTypes
  readonly flowExecution: ObjectType<FlowStep>
  readonly flowInfo: ObjectType<FlowInfoSource>
  readonly designation: EnumType
  readonly actionType: EnumType
}

/** What a step tells of its flow. */
function flowInfoOf(step: FlowStep): FlowInfoSource {
  const { slug, name, designation, layout, background } = step.flow
  return { slug, name, designation, layout, background, title: step.title, cancelUrl: step.cancelPath }
}

/** Turns the registered stages into `union StageChallenge`, and what stands around it. */
export function addStepTypes(builder: Builder, stages: StageRegistry): StepTypes {
  const shapes = new ShapeTypes(builder)
  // Types are filled in when the schema is built, enums at once: this one is named by several.
  const designation = shapes.enum(enumOf('FlowDesignation', 'What a flow is for.', flowDesignations))
  const description = 'What a screen may want to know of the flow it belongs to.'
  const flowInfoType: ObjectType<FlowInfoSource> = shapes.object({ ...readShape('FlowInfo', flowInfo, 'output'), description })
  const actionType = shapes.enum(
    enumOf('FlowActionType', 'What may be done about a step.', actionTypes, {
      submit: 'Answer the challenge, with `respond`.',
      resend: 'Have the message sent again, or the approval asked for again.',
      choose_another: 'Stop waiting, and choose another way to prove oneself.',
      back: 'Return to the screen before.',
      restart: 'Begin the flow again.',
      cancel: 'Give the flow up.',
    }),
  )
  const challenge = addChallenges(builder, shapes, stages, flowInfoType)
  const action = addActions(builder, actionType)
  const waiting = addWaiting(builder, shapes)

  const status = shapes.enum(
    enumOf('ExecutionStatus', 'How far an execution has come. Only an active one takes answers.', executionStatuses),
  )
  const flowExecution = builder.objectRef<FlowStep>('FlowExecution').implement({
    description: 'One run of a flow in this session, as it stands: what to show, and what may be done about it.',
    fields: (t) => ({
      id: t.id({
        description: 'Names this execution. Keep it for as long as the flow is on screen.',
        resolve: (step) => step.executionId,
      }),
      flow: t.field({
        type: flowInfoType,
        description: 'The flow that runs. A redirect stage may lead into another one.',
        resolve: flowInfoOf,
      }),
      status: t.field({ type: status, description: 'Whether it still runs, and how it ended.', resolve: (step) => step.status }),
      sequence: t.int({
        description: 'Grows with every change. Pass it to the subscription to go on where you were.',
        resolve: (step) => step.sequence,
      }),
      stepToken: t.string({
        description: 'Proves which step an answer is for. It changes with every step, and with a wrong answer.',
        resolve: (step) => step.stepToken,
      }),
      expiresAt: t.field({
        type: 'DateTime',
        description: 'When the execution ends by itself if nothing happens.',
        resolve: (step) => step.expiresAt,
      }),
      challenge: t.field({
        type: challenge,
        description: 'What to show now. Select `... on Challenge` first: it is there whatever the kind.',
        resolve: (step) => step,
      }),
      actions: t.field({
        type: [action],
        description: 'What may be done now. Anything else is refused.',
        resolve: (step) => step.actions,
      }),
      waiting: t.field({
        type: waiting,
        nullable: true,
        description:
          'Something slow that is under way: the next step comes by itself, to subscribers at once. Null when nothing is awaited but an answer. An answer or an action is taken meanwhile, too.',
        resolve: (step) => step.waiting ?? null,
      }),
    }),
  })
  return { shapes, flowExecution, flowInfo: flowInfoType, designation, actionType }
}

function addChallenges(builder: Builder, shapes: ShapeTypes, stages: StageRegistry, flowInfoType: ObjectType<FlowInfoSource>) {
  const responseError = builder.objectRef<FieldError>('ResponseError').implement({
    description: 'Why an answer was refused.',
    fields: (t) => ({
      field: t.exposeString('field', { description: 'The field of the response; `nonFieldErrors` for what belongs to none.' }),
      message: t.exposeString('message', { description: 'In words for the person.' }),
      code: t.exposeString('code', { description: 'For programs: `required`, `blank`, `invalid`, `max_length` ...' }),
    }),
  })
  const responseField = addResponseField(builder, shapes)
  const responseFields = responseFieldsByKind(stages)
  const common = builder.interfaceRef<FlowStep>('Challenge').implement({
    description: 'What every challenge has. It saves a client from a kind that it does not know.',
    fields: (t) => ({
      component: t.string({
        description: "The kind, as authentik's wire names it: `ak-stage-password` ...",
        resolve: (step) => step.challenge.component,
      }),
      responseErrors: t.field({
        type: [responseError],
        description: 'Why the last answer to this challenge was refused. Empty on a fresh one.',
        resolve: (step) => step.errors,
      }),
      responseFields: t.field({
        type: [responseField],
        description: 'What the answer may hold, for programs that draw forms. Empty where no answer is taken.',
        resolve: (step) => (step.status === 'active' ? (responseFields.get(step.challenge.kind) ?? []) : []),
      }),
      flowInfo: t.field({
        type: flowInfoType,
        nullable: true,
        description: 'The flow that the challenge belongs to.',
        resolve: flowInfoOf,
      }),
    }),
  })
  const shown = [...stages.all().filter((stage) => stage.challenge && stage.component), ...frameworkChallenges, continuation]
  const members = shown.map(({ kind, description, challenge = z.object({}), showsPendingUser }) => {
    const shape = readShape(challengeName(kind), shownFields(challenge, showsPendingUser), 'output')
    return builder.objectRef<FlowStep>(shape.name).implement({
      description,
      interfaces: [common],
      fields: (t) => shapes.fields(t, shape, (step: FlowStep) => step.challenge.fields),
    })
  })
  return builder.unionType('StageChallenge', {
    description: 'Everything a flow may show. A new kind of stage adds a member.',
    types: members,
    resolveType: (step) => challengeName((step as FlowStep).challenge.kind),
  })
}

function addWaiting(builder: Builder, shapes: ShapeTypes) {
  const reason = shapes.enum(
    enumOf('WaitingReason', 'What a step waits for.', waitingReasons, {
      approval: 'For the person to approve on another device.',
      activation: 'For the person to activate a device.',
      confirmation: 'For somebody to open a mailed link, and to confirm it.',
      delivery: 'For a message to be on its way.',
    }),
  )
  const delivery = shapes.enum(
    enumOf('DeliveryState', 'How far a message has come.', deliveryStates, {
      queued: 'It waits to be sent, or is being sent.',
      sent: 'The provider has taken it.',
      failed: 'It was not sent, and will not be.',
    }),
  )
  return builder.objectRef<Waiting>('Waiting').implement({
    description: 'Something slow that is under way.',
    fields: (t) => ({
      reason: t.field({ type: reason, description: 'What is awaited.', resolve: (waiting) => waiting.reason }),
      until: t.field({
        type: 'DateTime',
        description: 'When it is over, whatever came of it: show a countdown.',
        resolve: (waiting) => waiting.until,
      }),
      pollAfter: t.int({
        description: 'Seconds after which to query the execution again, for clients that do not subscribe.',
        resolve: (waiting) => Math.ceil(waiting.pollAfter),
      }),
      delivery: t.field({
        type: delivery,
        nullable: true,
        description:
          'How far the message has come that was sent for it; null where none is, or where that would tell who has an account.',
        resolve: (waiting) => waiting.delivery ?? null,
      }),
    }),
  })
}

function addActions(builder: Builder, type: EnumType) {
  return builder.objectRef<FlowAction>('FlowAction').implement({
    description: 'Something that may be done about a step.',
    fields: (t) => ({
      type: t.field({ type, description: 'What.', resolve: (action) => action.type }),
      enabled: t.exposeBoolean('enabled', { description: 'Whether it may be done now.' }),
      reason: t.string({
        nullable: true,
        description: 'Why not, in words for the person.',
        resolve: (action) => action.reason ?? null,
      }),
      availableAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When it may be done.',
        resolve: (action) => action.availableAt ?? null,
      }),
    }),
  })
}

/** `input ChallengeResponse @oneOf`: one member for each kind that takes an answer. */
export function addResponseInput(builder: Builder, shapes: ShapeTypes, stages: StageRegistry) {
  const answered = stages.all().filter((stage) => stage.response && stage.answer)
  return builder.inputType('ChallengeResponse', {
    description: "The answer to the standing challenge: exactly one member, that of the challenge's kind.",
    isOneOf: true,
    fields: (t) =>
      Object.fromEntries(
        answered.map((stage) => [
          camelCase(stage.kind),
          t.field({ type: responseType(shapes, stage), description: stage.description }),
        ]),
      ),
  })
}

function responseType(shapes: ShapeTypes, stage: StageDefinition) {
  const name = `${pascalCase(stage.kind)}Response`
  return shapes.input(readShape(name, stage.response ?? z.object({}), 'input'), `Answers \`${challengeName(stage.kind)}\`.`)
}

function challengeName(kind: string): string {
  return `${pascalCase(kind)}Challenge`
}

/** An enum of ours, in the form that derived ones have. */
export function enumOf(
  name: string,
  description: string,
  values: readonly string[],
  descriptions: Readonly<Record<string, string>> = {},
) {
  const described = values.map((value) => {
    const text = descriptions[value]
    return { value, name: value.toUpperCase(), ...(text !== undefined && { description: text }) }
  })
  return { name, description, values: described }
}
