import type { Brand, BrandFlow } from '../flow/ports.ts'
import type { PrismaClient } from './prisma.ts'
import { readJsonObject } from './sql.ts'

/** A brand, and whether it serves the hosts that no other one does. */
export interface StoredBrand extends Brand {
  readonly default: boolean
}

/** What serves a host for which there is no brand at all. */
export const noBrand: Brand = { domain: '', title: 'Stagedoor', logo: '', favicon: '', customCss: '', attributes: {}, flows: {} }

/** Whether a host is of a domain: `login.example.org` belongs to `example.org`; `badexample.org` does not. */
export function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`)
}

type BrandRow = Awaited<ReturnType<PrismaClient['brand']['findMany']>>[number]

/** A brand from its row. */
export function readBrand(row: BrandRow): StoredBrand {
  const named: Record<BrandFlow, string | null> = {
    authentication: row.flowAuthenticationId,
    invalidation: row.flowInvalidationId,
    recovery: row.flowRecoveryId,
    unenrollment: row.flowUnenrollmentId,
    userSettings: row.flowUserSettingsId,
    deviceCode: row.flowDeviceCodeId,
    lockdown: row.flowLockdownId,
    userSwitch: row.flowUserSwitchId,
    request: row.flowRequestId,
  }
  return {
    domain: row.domain,
    default: row.default,
    title: row.brandingTitle,
    logo: row.brandingLogo,
    favicon: row.brandingFavicon,
    customCss: row.brandingCustomCss,
    attributes: readJsonObject(row.attributes),
    flows: Object.fromEntries(Object.entries(named).filter(([, id]) => id !== null)) as Brand['flows'],
  }
}
