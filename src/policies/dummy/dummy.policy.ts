import { z } from 'zod'
import { definePolicy } from '../policy.ts'

/** Says what it is told to, after a while: for trying out flows (reference: flow-core 5.7). */
export const dummyPolicy = definePolicy({
  kind: 'dummy',
  model: 'authentik_policies_dummy.dummypolicy',
  description: 'Waits for a random time and then gives a fixed result.',

  config: z.object({
    result: z.boolean().default(false).describe('What it says.'),
    waitMin: z.int().min(0).max(600).default(5).describe('The shortest wait, in seconds.'),
    waitMax: z.int().min(0).max(600).default(30).describe('The longest wait, in seconds.'),
  }),

  async evaluate({ config, signal, services }) {
    const shortest = Math.min(config.waitMin, config.waitMax)
    const seconds = shortest + services.random() * (config.waitMax - shortest)
    if (seconds > 0) await services.sleep(seconds * 1000, signal)
    return { passing: config.result, messages: ['dummy'] }
  },
})
