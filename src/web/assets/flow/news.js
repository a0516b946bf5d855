const status = document.querySelector('#status')
const unseen = document.querySelector('#news')

/** What the page does at this moment, for everybody. */
export function say(text) {
  status.textContent = text
}

/** Takes back what was said, unless something else was said since. */
export function unsay(text) {
  if (status.textContent === text) say('')
}

let soon

/** What has changed by itself, for who does not see it. The same words again are read out again. */
export function announce(text) {
  clearTimeout(soon)
  unseen.textContent = ''
  soon = setTimeout(() => {
    unseen.textContent = text
  }, 100)
}
