/** Where in a schema something stands. */
export interface Place {
  readonly schema: string
  /** Dotted, `[]` for the elements of a list; empty for the schema itself. */
  readonly field: string
}

/** A schema says something that not every API can say. Thrown at start-up. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError'
  readonly schema: string
  readonly field: string
  constructor(place: Place, reason: string) {
    super(`${place.schema}${place.field && `.${place.field}`}: ${reason}`)
    this.schema = place.schema
    this.field = place.field
  }
}
