import type { Line } from '../../wire/haproxy/program.ts'
import { COOKIE, found, missing } from './rules.ts'

export const COOKIE_SCRIPT = 'cookie.lua'
export const COOKIE_ATTRIBUTES = 'cookies.map'

/** What a request says of a canary: the header first, then the cookie. `always` and `never` where no value or pattern is asked for. */
const canaryAction = `core.register_action("canary", {"http-req"}, function(txn)
  local canary, other, header, value, pattern, cookie =
    txn:get_var("txn.can"):match("^([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)")
  local function decide(said)
    local choice = said == "always" and canary or said == "never" and other
    if choice then txn:set_var("txn.cks", choice) end
    return choice
  end
  local said = header ~= "" and txn.sf:req_fhdr(header) or ""
  if said ~= "" and pattern ~= "" then txn:set_var("txn.chv", said)
  elseif said ~= "" and value ~= "" then
    if said == value then return txn:set_var("txn.cks", canary) end
  elseif said ~= "" and decide(said) then return end
  if cookie ~= "" then decide(txn.sf:req_cook(cookie)) end
end)
`

/** By the letter that stands before a cookie's name in a Route's record. */
export const cookieAttributes = `l ; Secure; SameSite=Lax
s ; Secure; SameSite=Strict
n ; Secure; SameSite=None
`

/** Looks for the Route's own cookie in what the client sent, remembers its value, and takes it out: the pod never sees it. */
export const cookieScript = `core.register_action("cookie", {"http-req"}, function(txn)
  local name = (txn:get_var("txn.r") or ""):match("^[^|]*|[^|]*|[^|]*|.([^|]+)")
  if name == nil then return end
  local want = name .. "="
  local keep, value = {}, nil
  for part in txn.sf:req_hdr("cookie"):gmatch("[^;]+") do
    local item = part:gsub("^%s+", "")
    if not value and item:sub(1, #want) == want then value = item:sub(#want + 1) else keep[#keep + 1] = item end
  end
  if not value then return end
  if value ~= "" then txn:set_var("txn.ckv", value) end
  if #keep == 0 then txn.http:req_del_header("cookie")
  else txn.http:req_set_header("cookie", table.concat(keep, "; ")) end
end)
${canaryAction}`

/** A cookie is asked for only by clients that have one. */
export const readCookie = (): readonly Line[] => [
  ['http-request', 'lua.cookie', 'if', '{', 'req.hdr(cookie)', '-m', 'found', '}', ...isSticky()],
]

const isSticky = (): readonly string[] => ['{', COOKIE, '-m', 'len', '2:', '}']

/**
 * As HAProxy's own `insert indirect nocache httponly`, but with a name that is data. Told when the client's is another. The cookie is
 * cut out of the record once, since that costs more than all the rest.
 */
export const writeCookie = (): readonly Line[] => {
  const isTold = ['{', 'var(txn.ck)', '-m', 'len', '2:', '}']
  const tell = (attributes: string, ...when: readonly string[]): Line => [
    ...['http-response', 'add-header', 'Set-Cookie', `%[var(txn.ck),bytes(1)]=%[srv_name]${attributes}`],
    ...['if', ...when, ...isTold],
  ]
  return [
    ['http-response', 'set-var(txn.ck)', COOKIE, 'unless', ...'{ srv_name,strcmp(txn.ckv) -m int 0 }'.split(' ')],
    tell(`; path=/; HttpOnly%[var(txn.ck),bytes(0,1),map_str(${COOKIE_ATTRIBUTES})]`, ...missing('txn.cka')),
    tell('%[var(txn.cka)]', ...found('txn.cka')),
    ['http-response', 'add-header', 'Cache-Control', 'private', 'if', ...isTold],
  ]
}

/** Of every backend: it may not stand in defaults. A server that is not there means the usual choice. */
export const followCookie = (): readonly Line[] => [['use-server', '%[var(txn.ckv)]', 'if', ...found('txn.ckv')]]
