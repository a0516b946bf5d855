import { advance, ask, deny, invalid } from '../../flow/stage.ts'
import type { Context } from './context.ts'

/** What becomes of people who have set up nothing that counts. */
export function withoutAny(context: Context) {
  const { config } = context
  switch (config.notConfiguredAction) {
    case 'skip':
      return advance()
    case 'deny':
      return deny('No (allowed) MFA authenticator configured.')
    case 'configure': {
      const [only, ...others] = config.configurationStages
      if (only !== undefined && others.length === 0) return advance({ nextStages: [only] })
      return ask({ deviceChallenges: [], configurationStages: stagesOf(context) })
    }
  }
}

/** Goes on with the stage that somebody chose to set something up with. */
export function chooseStage({ config }: Context, selected: string | null | undefined) {
  if (!selected || config.notConfiguredAction !== 'configure') return invalid('nonFieldErrors', 'Empty response')
  const known = config.configurationStages.includes(selected)
  return known ? advance({ nextStages: [selected] }) : invalid('selectedStage', 'Selected stage is invalid')
}

function stagesOf({ config, stages }: Context) {
  return config.configurationStages.flatMap((id) => {
    const stage = stages[id]
    if (!stage) return []
    const { friendlyName } = stage.config
    const name = typeof friendlyName === 'string' && friendlyName ? friendlyName : stage.name
    return [{ pk: id, name, verboseName: name, metaModelName: modelOf(stage.kind) }]
  })
}

/** As authentik names the models of its stages. */
function modelOf(kind: string): string {
  return `authentik_stages_${kind}.${kind.replaceAll('_', '')}stage`
}
