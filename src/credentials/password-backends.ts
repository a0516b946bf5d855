/** The one backend that exists here: the password stored with the account. */
export const inbuiltBackend = 'authentik.core.auth.InbuiltBackend'

/** The names that authentik's blueprints list. Those without an implementation here let nobody in. */
export const passwordBackends = [
  inbuiltBackend,
  'authentik.core.auth.TokenBackend',
  'authentik.sources.ldap.auth.LDAPBackend',
  'authentik.sources.kerberos.auth.KerberosBackend',
] as const
