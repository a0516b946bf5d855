import { refill } from './field.js'

const fillable = 'input, select, textarea'

/**
 * Draws anew what somebody may be using: what they typed, and where they are, stay as they were. Returns whether they could be
 * left where they are.
 */
export function keepingPlace(form, render) {
  const before = [...form.elements]
  const active = form.contains(document.activeElement) ? document.activeElement : undefined
  const selection = active && selectionIn(active)
  const key = active && keyOf(active)
  render()
  refill(form, before, { secrets: true })
  if (!active || form.contains(document.activeElement)) return true
  const same = [...form.querySelectorAll(`${fillable}, button, a`)].find((candidate) => keyOf(candidate) === key)
  same?.focus({ preventScroll: true })
  if (selection) same?.setSelectionRange(...selection)
  return same !== undefined
}

/** What tells that two elements are the same to people. */
function keyOf(node) {
  const isField = node.matches(fillable)
  return `${node.localName} ${node.dataset.key ?? (isField ? `${node.name} ${node.type === 'radio' ? node.value : ''}` : node.textContent)}`
}

function selectionIn(node) {
  // Not every kind of field has one.
  return typeof node.selectionStart === 'number' ? [node.selectionStart, node.selectionEnd, node.selectionDirection] : undefined
}

/** To what was wrong, else to what is empty; where there is nothing to fill in, to the beginning. */
export function focusOn(form, heading, preferred) {
  const fields = [...form.elements].filter((control) => {
    return control.matches(fillable) && !control.hidden && !control.readOnly && control.type !== 'hidden'
  })
  const wrong = form.querySelector('[aria-invalid="true"]')
  const first = fields.find(({ value }) => value === '') ?? fields[0]
  const target = (wrong?.matches('fieldset') ? wrong.querySelector('input') : wrong) ?? preferred ?? first ?? heading
  target.focus()
}
