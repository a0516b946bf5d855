import { costLimitPlugin } from '@escape.tech/graphql-armor-cost-limit'
import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases'
import { maxDepthPlugin } from '@escape.tech/graphql-armor-max-depth'
import { maxDirectivesPlugin } from '@escape.tech/graphql-armor-max-directives'
import { maxTokensPlugin } from '@escape.tech/graphql-armor-max-tokens'
import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'

/** How large an operation may be: room for a client that draws every challenge, in every place where a step is told. */
export const operationLimits = { tokens: 5000, depth: 12, aliases: 30, directives: 30, cost: 50_000 } as const

/** Bounds on what one operation may ask, checked before it runs. */
export function limitPlugins(): Plugin[] {
  return [
    maxTokensPlugin({ n: operationLimits.tokens }),
    maxDepthPlugin({ n: operationLimits.depth }),
    maxAliasesPlugin({ n: operationLimits.aliases }),
    maxDirectivesPlugin({ n: operationLimits.directives }),
    costLimitPlugin({ maxCost: operationLimits.cost, objectCost: 1, scalarCost: 1 }),
    oneSubmitPlugin,
  ] as Plugin[]
}

/** Aliases and fragments must not turn one request into many attempts. */
const oneSubmitPlugin: Plugin = {
  onValidate({ addValidationRule }) {
    addValidationRule(oneSubmitPerOperation)
  },
}

function oneSubmitPerOperation(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(node) {
      if (node.operation !== 'mutation' || countFields(context, node.selectionSet, new Set()) <= 1) return
      context.reportError(
        new GraphQLError('A mutation operation has one field: send another request for the next one.', {
          nodes: node,
          extensions: { code: 'ONE_SUBMIT_PER_OPERATION' },
        }),
      )
    },
  }
}

function countFields(
  context: ValidationContext,
  { selections }: SelectionSetNode,
  seen: ReadonlySet<FragmentDefinitionNode>,
): number {
  let count = 0
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) count += selection.name.value === '__typename' ? 0 : 1
    else if (selection.kind === Kind.INLINE_FRAGMENT) count += countFields(context, selection.selectionSet, seen)
    else {
      const fragment = context.getFragment(selection.name.value)
      // A fragment that spreads itself is refused by another rule.
      if (fragment && !seen.has(fragment)) count += countFields(context, fragment.selectionSet, new Set([...seen, fragment]))
    }
    if (count > 1) return count
  }
  return count
}
