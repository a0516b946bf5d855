import type { JsonObject } from './json.ts'

/** What a flow is for (reference: flow-core 1.1). */
export const flowDesignations = [
  'authentication',
  'authorization',
  'invalidation',
  'enrollment',
  'unenrollment',
  'recovery',
  'stage_configuration',
] as const
export type FlowDesignation = (typeof flowDesignations)[number]

/** Who may start a flow (reference: flow-core 2.2). */
export const authenticationRequirements = [
  'none',
  'require_authenticated',
  'require_unauthenticated',
  'require_superuser',
  'require_redirect',
  'require_outpost',
  'require_token',
] as const
export type AuthenticationRequirement = (typeof authenticationRequirements)[number]

/** What a person sees whom a flow refuses (reference: flow-core 3.5). */
export const deniedActions = ['message_continue', 'message', 'continue'] as const
export type DeniedAction = (typeof deniedActions)[number]

/** How a page of the flow is laid out; a hint for the frontend. */
export const flowLayouts = [
  'stacked',
  'content_left',
  'content_right',
  'sidebar_left',
  'sidebar_right',
  'sidebar_left_frame_background',
  'sidebar_right_frame_background',
] as const
export type FlowLayout = (typeof flowLayouts)[number]

/** What an answer that a stage refuses does to the plan (reference: flow-core 3.3). */
export const invalidResponseActions = ['retry', 'restart', 'restart_with_context'] as const
export type InvalidResponseAction = (typeof invalidResponseActions)[number]

/** Whether one passing policy is enough. */
export const policyEngineModes = ['all', 'any'] as const
export type PolicyEngineMode = (typeof policyEngineModes)[number]

/** A flow without its stages. */
export interface FlowHead {
  readonly id: string
  readonly slug: string
  readonly name: string
  /** May hold `%(app)s` and `%(user)s`. */
  readonly title: string
  readonly designation: FlowDesignation
  readonly background: string
  readonly layout: FlowLayout
  readonly compatibilityMode: boolean
  readonly deniedAction: DeniedAction
  readonly authentication: AuthenticationRequirement
}

/** A stage at an order in a flow. */
export interface StageBinding {
  readonly id: string
  readonly stageId: string
  readonly order: number
  readonly evaluateOnPlan: boolean
  readonly reEvaluatePolicies: boolean
  readonly invalidResponseAction: InvalidResponseAction
}

/** A stage as an administrator configured it. */
export interface ConfiguredStage {
  readonly id: string
  readonly name: string
  readonly kind: string
  /** Already judged by the kind's config schema; without what is secret. */
  readonly config: JsonObject
  /** The secret fields of the config, sealed. */
  readonly sealed?: string
}

/** What administrators configured apart for stages to name: a prompt, a source ... */
export interface ConfiguredObject extends ConfiguredStage {}

/** All that an execution needs of a flow to run to its end, whatever is edited meanwhile. Addressed by its content. */
export interface FlowDefinition {
  readonly id: string
  readonly flow: FlowHead
  readonly bindings: readonly StageBinding[]
  /** The bound stages, and those that their configs name. */
  readonly stages: Readonly<Record<string, ConfiguredStage>>
  /** What their configs name beside stages. */
  readonly objects?: Readonly<Record<string, ConfiguredObject>>
}
