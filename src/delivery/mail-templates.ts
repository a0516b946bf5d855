import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Liquid, type LiquidOptions } from 'liquidjs'
import type { JsonObject } from '../flow/json.ts'

const ownFolder = fileURLToPath(new URL('../../templates/', import.meta.url))

/** Names below a folder, hidden by no dot. */
const nameForm = /^[^./\\][^/\\]*(?:\/[^./\\][^/\\]*)*$/

/** What mails share: never sent by itself. */
const shared = 'layouts/'

/** A mail that cannot be written as its template stands. Names the file and the line. */
export class MailTemplateError extends Error {
  override readonly name: string = 'MailTemplateError'
}

/** A mail that took too long to write: its template never comes to an end, or the machine is busy with something else. */
export class SlowTemplateError extends MailTemplateError {
  override readonly name = 'SlowTemplateError'
}

/** One mail in both forms. */
export interface RenderedMail {
  readonly html: string
  /** Undefined for a template of the operator's that has no text beside it. */
  readonly text: string | undefined
}

/** Milliseconds. */
const longestWriting = 1000

interface TemplateFile {
  readonly path: string
  readonly folder: string
  readonly stamp: string
}

type TemplateFiles = ReadonlyMap<string, TemplateFile>

interface Compiled {
  readonly stamp: string
  readonly html: Liquid
  readonly text: Liquid
}

/**
 * The mails that can be sent: our own, and over them file by file those of the operator's folder. Files are read again when
 * they change. Templates are Liquid, and see nothing but each other and the values of their mail.
 */
export class MailTemplates {
  private readonly folders: readonly string[]
  private compiled: Compiled | undefined

  /** Throws when the operator's folder is none. */
  constructor(operatorFolder: string | undefined) {
    if (operatorFolder !== undefined && !isFolder(operatorFolder))
      throw new MailTemplateError(`EMAIL_TEMPLATES_DIR: there is no folder ${operatorFolder}`)
    this.folders = operatorFolder === undefined ? [ownFolder] : [ownFolder, operatorFolder]
  }

  /** Names of templates, such as `email/password_reset.html`. */
  list(): readonly string[] {
    return [...this.files().keys()].filter(isMail).sort()
  }

  has(name: string): boolean {
    // Asked for with every step that mails: only these files are looked at, not the folders.
    return isMail(name) && nameForm.test(name) && this.folders.some((folder) => existsSync(join(folder, name)))
  }

  /**
   * Writes a mail, in the first of these languages that it is there in: `email/password_reset.de.html`. What it says of people is
   * escaped in the HTML.
   */
  async render(asked: string, values: JsonObject, languages: readonly string[] = []): Promise<RenderedMail> {
    const files = this.files()
    const name = inLanguage(asked, languages, files)
    const page = isMail(name) ? files.get(name) : undefined
    if (!page) throw new MailTemplateError(`There is no mail template "${asked}".`)
    const compiled = this.compile(files)
    const textName = name.replace(/\.html$/, '.txt')
    const text = files.get(textName)
    // Our own text says nothing of what an operator's page says.
    const isTwin = text !== undefined && (text.folder === page.folder || page.folder === ownFolder)
    return {
      html: await write(compiled.html, name, values),
      text: isTwin ? await write(compiled.text, textName, values) : undefined,
    }
  }

  private files(): TemplateFiles {
    return new Map(this.folders.flatMap(templatesIn))
  }

  private compile(files: TemplateFiles): Compiled {
    const stamp = [...files].map(([name, file]) => `${name} ${file.stamp}`).join('\n')
    if (this.compiled?.stamp !== stamp) {
      const contents = Object.fromEntries([...files].map(([name, { path }]) => [name, readFileSync(path, 'utf8')]))
      this.compiled = { stamp, html: liquid(contents, { outputEscape: 'escape' }), text: liquid(contents, {}) }
    }
    return this.compiled
  }
}

/** An engine that knows these texts and no file. A name that is misspelt is an error rather than a gap in a mail. */
function liquid(templates: Record<string, string>, options: LiquidOptions): Liquid {
  return new Liquid({
    ...options,
    templates,
    cache: true,
    relativeReference: false,
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    // An empty name is none.
    jsTruthy: true,
    ownPropertyOnly: true,
    timezoneOffset: 0,
    locale: 'en',
    parseLimit: 1e6,
    renderLimit: longestWriting,
    memoryLimit: 1e7,
  })
}

async function write(engine: Liquid, name: string, values: JsonObject): Promise<string> {
  try {
    return String(await engine.renderFile(name, values)).trim()
  } catch (error) {
    // Some of its errors name the line only.
    const problem = error instanceof Error ? error.message : String(error)
    if (problem.startsWith('template render limit exceeded'))
      throw new SlowTemplateError(`The mail template "${name}" took too long to write.`, { cause: error })
    throw new MailTemplateError(`The mail template "${name}" is broken: ${problem}`, { cause: error })
  }
}

/** The page itself is in English, unless an operator has replaced it: whoever reads English before the others gets that. */
function inLanguage(name: string, languages: readonly string[], files: TemplateFiles): string {
  for (const language of languages) {
    const [primary = ''] = language.split('-')
    const variants = [language, primary].map((tag) => name.replace(/\.html$/, `.${tag}.html`))
    const found = variants.find((variant) => files.has(variant))
    if (found !== undefined) return found
    if (primary.toLowerCase() === 'en') return name
  }
  return name
}

function isMail(name: string): boolean {
  return name.endsWith('.html') && !name.startsWith(shared)
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Mounted folders hold links to files; what begins with a dot is the mount's own. */
function templatesIn(folder: string): [string, TemplateFile][] {
  if (!isFolder(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry): [string, TemplateFile][] => {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path).split(sep).join('/')
    if (!/\.(?:html|txt)$/.test(name) || name.split('/').some((part) => part.startsWith('.'))) return []
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat?.isFile() ? [[name, { path, folder, stamp: `${path} ${stat.mtimeMs} ${stat.size}` }]] : []
  })
}
