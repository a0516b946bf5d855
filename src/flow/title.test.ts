import { describe, expect, it } from 'vitest'
import { formatTitle } from './title.ts'

const values = { app: 'Wiki', user: 'ada' }

describe('the title of a flow', () => {
  it.each([
    ['Welcome', 'Welcome'],
    ['Sign in to %(app)s', 'Sign in to Wiki'],
    ['%(user)s, meet %(app)s; %(app)s, meet %(user)s', 'ada, meet Wiki; Wiki, meet ada'],
    ['100%% %(app)s', '100% Wiki'],
    ['%%(app)s', '%(app)s'],
  ])('%j is shown as %j', (title, shown) => {
    expect(formatTitle(title, values)).toBe(shown)
  })

  it.each(['100%', '%(app)s at 100%', '%(email)s', '%(app)d', '%s', '%(app)', '%(app)s %(constructor)s'])(
    'that nobody can fill in is shown as it was written: %j',
    (title) => {
      expect(formatTitle(title, values)).toBe(title)
    },
  )

  it('takes no instructions from the values', () => {
    expect(formatTitle('Hello %(user)s', { app: '', user: '%(app)s $& %' })).toBe('Hello %(app)s $& %')
  })
})
