import { alert, element, line } from './dom.js'
import { field } from './field.js'

const inputTypes = {
  STRING: 'text',
  ID: 'text',
  INT: 'number',
  FLOAT: 'number',
  BOOLEAN: 'checkbox',
  DATE_TIME: 'datetime-local',
}

/**
 * A form for a challenge that has no screen of its own, made of the rules that its answer has. What is shown beside them only a
 * screen could tell; a required field that no plain form can hold makes it say so instead.
 */
export function plainForm({ challenge, errors }) {
  const wanted = challenge.responseFields.filter(({ type, required }) => type in inputTypes || type === 'ENUM' || required)
  if (wanted.some(({ type }) => !(type in inputTypes) && type !== 'ENUM'))
    return { content: [alert(`This page cannot show ${challenge.component}.`)] }
  return {
    content: wanted.length > 0 ? wanted.map((rule) => control(rule, errors)) : [line('Go on when you are ready.')],
    submit: 'Continue',
    answer: (values) => answerOf(wanted, values),
  }
}

function control({ name, type, required, secret, values, autocomplete, maxLength, minimum, maximum }, errors) {
  const shared = { name, required: required && type !== 'BOOLEAN' }
  const made =
    type === 'ENUM'
      ? element('select', shared, ...values.map((value) => element('option', { value }, value)))
      : element('input', {
          ...shared,
          type: secret && type === 'STRING' ? 'password' : inputTypes[type],
          autocomplete,
          maxlength: maxLength,
          min: minimum,
          max: maximum,
          step: type === 'FLOAT' ? 'any' : undefined,
        })
  return field(labelOf(name), made, { errors: errors(name) })
}

/** What is left empty is left out, so that the server's own word on it is told. */
function answerOf(wanted, values) {
  const given = wanted.flatMap(({ name, type }) => {
    if (type === 'BOOLEAN') return [[name, values.get(name) !== null]]
    const text = values.get(name)
    if (text === null || text === '') return []
    if (type === 'INT' || type === 'FLOAT') return [[name, Number(text)]]
    return [[name, type === 'DATE_TIME' ? new Date(text).toISOString() : text]]
  })
  return Object.fromEntries(given)
}

/** `rememberMe` reads "Remember me". */
function labelOf(name) {
  const words = name.replaceAll(/([A-Z])/g, ' $1').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
