import { element, textOf } from './dom.js'
import { choiceField, field } from './field.js'

/** A form that an administrator has put together. */
export function promptScreen({ challenge, errors }) {
  const drawn = challenge.fields.map((asked, index) => ({ asked, ...draw(asked, `prompt-${index}`, errors(asked.fieldKey)) }))
  return {
    content: drawn.map(({ node }) => node).filter(Boolean),
    submit: 'Continue',
    answer: async () => {
      const answers = drawn
        .filter(({ read }) => read)
        .map(async ({ asked, read }) => ({ key: asked.fieldKey, value: await read() }))
      return { answers: await Promise.all(answers) }
    },
  }
}

const inputTypes = { USERNAME: 'text', EMAIL: 'email', PASSWORD: 'password', DATE: 'date', TEXT: 'text', TEXT_READ_ONLY: 'text' }
const warnings = { ALERT_INFO: 'Note', ALERT_WARNING: 'Warning', ALERT_DANGER: 'Danger' }

/** What stands for a field, and how its answer is read where it has one. */
function draw(asked, name, errors) {
  const notes = { hint: textOf(asked.subText), errors }
  const { label, initialValue: value } = asked
  switch (asked.type) {
    case 'HIDDEN':
      return {}
    case 'SEPARATOR':
      return { node: element('div', { class: 'field' }, element('hr', { 'aria-hidden': 'true' }), textOf(label)) }
    case 'STATIC':
      return {
        node: element('div', { class: 'field' }, element('strong', {}, label), paragraph(value), paragraph(asked.subText)),
      }
    case 'ALERT_INFO':
    case 'ALERT_WARNING':
    case 'ALERT_DANGER':
      return { node: warning(asked) }
    case 'RADIO_BUTTON_GROUP':
      return radios(asked, name, notes)
    case 'DROPDOWN':
      return dropdown(asked, name, notes)
    case 'CHECKBOX': {
      const control = element('input', { type: 'checkbox', name, checked: value === 'True' })
      return { node: field(label, control, notes), read: () => control.checked }
    }
    case 'TEXT_AREA':
    case 'TEXT_AREA_READ_ONLY': {
      const control = element('textarea', { ...rules(asked), name, rows: 5 }, value)
      return typed(asked, control, notes)
    }
    case 'NUMBER': {
      const control = element('input', { ...rules(asked), type: 'number', step: 1, name, value })
      return { node: field(label, control, notes), read: () => (control.value === '' ? '' : control.valueAsNumber) }
    }
    case 'DATE_TIME': {
      const control = element('input', { ...rules(asked), type: 'datetime-local', name, value: localTime(value) })
      // What the person sees is the time where they are.
      return { node: field(label, control, notes), read: () => control.value && new Date(control.value).toISOString() }
    }
    case 'FILE': {
      const control = element('input', { type: 'file', name, required: asked.required })
      return { node: field(label, control, notes), read: () => dataUri(control.files[0], asked.maxLength) }
    }
    case 'AK_LOCALE':
      return locale(asked, name, notes)
    default: {
      const type = inputTypes[asked.type] ?? 'text'
      return typed(asked, element('input', { ...rules(asked), type, name, value }), notes)
    }
  }
}

function typed(asked, control, notes) {
  return { node: field(asked.label, control, notes), ...(!asked.readOnly && { read: () => control.value }) }
}

/** What the browser checks before the server does. */
function rules({ required, placeholder, readOnly, minLength, maxLength, pattern, autocomplete, inputMode }) {
  return {
    required,
    placeholder: placeholder || undefined,
    readonly: readOnly,
    minlength: minLength,
    maxlength: maxLength,
    pattern,
    autocomplete,
    inputmode: inputMode,
  }
}

function radios({ label, choices, initialValue, required }, name, notes) {
  const options = (choices ?? []).map(({ label: text, value }) => {
    return { text, control: element('input', { type: 'radio', name, value, required, checked: value === initialValue }) }
  })
  const read = () => options.find(({ control }) => control.checked)?.control.value ?? ''
  return { node: choiceField(label, options, notes), read }
}

function dropdown({ label, choices, initialValue, required, autocomplete }, name, notes) {
  const options = (choices ?? []).map(({ label: text, value }) =>
    element('option', { value, selected: value === initialValue }, text),
  )
  const control = element(
    'select',
    { name, required, autocomplete },
    ...(required ? [] : [element('option', { value: '' })]),
    ...options,
  )
  return { node: field(label, control, notes), read: () => control.value }
}

/** Any language may be typed; those that the browser prefers are offered by their names. */
function locale(asked, name, notes) {
  const list = `${name}-languages`
  const control = element('input', { ...rules(asked), required: false, name, list, value: asked.initialValue })
  const { node, read } = typed(asked, control, notes)
  const names = new Intl.DisplayNames(undefined, { type: 'language' })
  node.append(
    element(
      'datalist',
      { id: list },
      ...navigator.languages.map((tag) => element('option', { value: tag }, names.of(tag) ?? tag)),
    ),
  )
  return { node, read }
}

function warning({ type, label, initialValue, subText }) {
  const kind = element('strong', {}, `${warnings[type]}: ${label}`)
  return element('div', { class: 'field notice', role: 'note' }, kind, paragraph(initialValue), paragraph(subText))
}

function paragraph(markup) {
  const text = textOf(markup)
  return text ? element('p', {}, text) : ''
}

/** `2026-03-01T12:00:00Z` as the clock on the wall has it; what is no moment is left out. */
function localTime(moment) {
  const time = new Date(moment)
  if (Number.isNaN(time.getTime())) return ''
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

function dataUri(file, maxLength) {
  if (!file) return ''
  const reader = new FileReader()
  return new Promise((resolve, reject) => {
    reader.addEventListener('error', () => reject(new Error('The file cannot be read.')))
    reader.addEventListener('load', () => {
      if (maxLength && reader.result.length > maxLength) reject(new Error('The file is too large.'))
      else resolve(reader.result === 'data:' ? '' : reader.result)
    })
    reader.readAsDataURL(file)
  })
}
