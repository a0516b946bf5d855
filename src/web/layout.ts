import { html } from 'hono/html'

type Markup = ReturnType<typeof html>

/** A whole page around its content. */
export function page(title: string, content: Markup): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="stylesheet" href="/static/pages.css" />
      </head>
      <body>
        <main>${content}</main>
      </body>
    </html>`
}
