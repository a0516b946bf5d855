import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'

export async function applyBlueprints(_database: Database, _folder: string, _log: Logger): Promise<void> {}
export async function applyBlueprintFile(_database: Database, _file: string): Promise<void> {}
