/** Requests to servers that are not the API. */
export interface HttpsRequest {
  readonly url: string
  /** Where to connect to, instead of what the URL names; the certificate must be the URL's all the same. */
  readonly connect?: { readonly host: string; readonly port: number }
  /** The authorities to trust, PEM; those of the system when absent. */
  readonly ca?: string
  readonly body: string
  readonly timeoutMs: number
}

export interface HttpsAnswer {
  readonly status: number
  readonly body: string
}

export interface HttpsDriver {
  /** Posts JSON. Rejects with an Error that says what went wrong, also when the answer is too large or late. */
  post(request: HttpsRequest): Promise<HttpsAnswer>
}
