/** How Duo's own client signs: the package has no types. */
declare module '@duosecurity/duo_api/lib/duo_sig.js' {
  interface OfficialSignature {
    /** The `Authorization` header. */
    sign(
      integrationKey: string,
      secretKey: string,
      method: string,
      host: string,
      path: string,
      parameters: Readonly<Record<string, string>>,
      date: string,
    ): string
    _canonParams(parameters: Readonly<Record<string, string>>): string
  }
  const official: OfficialSignature

  export = official
}
