/** The autofill tokens of HTML (WHATWG, 4.10.18.7) that answers are marked with: values of the attribute `autocomplete`. */
export type Autocomplete =
  | 'username'
  | 'username webauthn'
  | 'current-password'
  | 'new-password'
  | 'one-time-code'
  | 'email'
  | 'tel'
  | 'off'
