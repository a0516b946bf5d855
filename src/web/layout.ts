import { html } from 'hono/html'
import { assetUrl } from './asset-files.ts'

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
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${assetUrl('pages.css')}" />
      </head>
      <body>
        <main>${content}</main>
      </body>
    </html>`
}
