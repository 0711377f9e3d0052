const MAX_BYTES = 64 << 20

/** What an http or https URL leads to. Rejects with an Error that says what went wrong, also when it is too large or late. */
export async function download(url: string, timeoutMs: number): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length
    if (size > MAX_BYTES) throw new Error(`${url} is too large`)
    chunks.push(chunk as Uint8Array)
  }
  return Buffer.concat(chunks)
}
