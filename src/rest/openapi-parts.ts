/** A body of JSON. */
export const json = (description: string, schema: object) => ({ description, content: { 'application/json': { schema } } })

/** What is told of a request that is not done. */
export const refused = (description: string) => json(description, { $ref: '#/components/schemas/Error' })

export const anyObject = { type: 'object', additionalProperties: true }
