import { button, element } from './dom.js'

let made = 0

/** A control with its label, what is written below it, and what was wrong with its last answer. */
export function field(label, control, { hint = '', errors = [] } = {}) {
  const notes = describe(control, hint, errors)
  const caption = element('label', { for: control.id }, label)
  const ticked = control.type === 'checkbox'
  return element(
    'div',
    { class: ticked ? 'field tick' : 'field' },
    ...(ticked ? [control, caption] : [caption, control]),
    ...notes,
  )
}

/** Buttons of which one is chosen, under one label. */
export function choiceField(label, options, { hint = '', errors = [] } = {}) {
  const group = element('fieldset', { class: 'field', role: 'radiogroup' }, element('legend', {}, label))
  const notes = describe(group, hint, errors)
  group.append(...options.map(({ text, control }) => field(text, control)), ...notes)
  for (const choice of group.querySelectorAll('.field')) choice.classList.add('tick')
  return group
}

/** Where the password is typed that somebody has. */
export function passwordField({ allowShow, errors }) {
  const control = element('input', { type: 'password', name: 'password', autocomplete: 'current-password', required: true })
  const made = field('Password', control, { errors })
  if (!allowShow) return made
  const toggle = button('Show password', () => {
    const shown = control.type === 'password'
    control.type = shown ? 'text' : 'password'
    toggle.setAttribute('aria-pressed', String(shown))
  })
  toggle.setAttribute('aria-pressed', 'false')
  toggle.setAttribute('aria-controls', control.id)
  made.append(toggle)
  return made
}

/** Where a code is typed that was sent, or that something shows. */
export function codeField(errors, attributes = {}) {
  const control = element('input', {
    name: 'code',
    autocomplete: 'one-time-code',
    inputmode: 'numeric',
    autocapitalize: 'off',
    spellcheck: 'false',
    required: true,
    ...attributes,
  })
  return field('Code', control, { errors })
}

function describe(control, hint, errors) {
  made += 1
  control.id = `field-${made}`
  const notes = [
    ...(hint ? [element('p', { id: `${control.id}-hint`, class: 'hint' }, hint)] : []),
    ...(errors.length > 0 ? [element('p', { id: `${control.id}-error`, class: 'error' }, errors.join(' '))] : []),
  ]
  if (notes.length > 0) control.setAttribute('aria-describedby', notes.map(({ id }) => id).join(' '))
  if (errors.length > 0) control.setAttribute('aria-invalid', 'true')
  return notes
}

/** Puts what was typed before into a form that is shown again. Passwords and codes are typed anew, unless `secrets` says not. */
export function refill(form, before, { secrets = false } = {}) {
  for (const control of form.elements) {
    const same = before.find(
      (old) => old.name !== '' && old.name === control.name && old.type === control.type && isSame(old, control),
    )
    const isSecret = control.type === 'password' || control.autocomplete === 'one-time-code'
    if (!same || (isSecret && !secrets)) continue
    if (control.type === 'checkbox' || control.type === 'radio') control.checked = same.checked
    else if (control.type === 'file') control.files = same.files
    else control.value = same.value
  }
}

function isSame(old, control) {
  return control.type !== 'radio' || old.value === control.value
}
