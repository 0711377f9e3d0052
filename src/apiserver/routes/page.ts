import type { ApiRequest } from '../context.ts'
import type { ApiResponse } from '../respond.ts'

export function textPage(status: number, text: string): Page {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    body: Buffer.from(text),
  }
}

export const notFoundPage = textPage(404, '404 page not found\n')

/** An answer that is all there. */
export type Page = ApiResponse & { readonly body: Uint8Array }

export const jsonPage = (value: unknown, headers: Readonly<Record<string, string>> = {}): Page => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.from(JSON.stringify(value)),
})

/** The page, or 304 where the client has it already. The response must have an etag. */
export function ifChanged(request: ApiRequest, response: Page): Page {
  const known = request.headers['if-none-match']
  if (known === undefined || known !== response.headers.etag) return response
  const { 'content-type': _, ...headers } = response.headers
  return { status: 304, headers, body: Buffer.alloc(0) }
}
