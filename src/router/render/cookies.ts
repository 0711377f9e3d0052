import type { Line } from '../../wire/haproxy/program.ts'
import { COOKIE, found } from './rules.ts'

export const COOKIE_SCRIPT = 'cookie.lua'
export const COOKIE_ATTRIBUTES = 'cookies.map'

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
`

/** A cookie is asked for only by clients that have one. */
export const readCookie = (): readonly Line[] => [
  ['http-request', 'lua.cookie', 'if', '{', 'req.hdr(cookie)', '-m', 'found', '}', ...isSticky()],
]

const isSticky = (): readonly string[] => ['{', COOKIE, '-m', 'len', '2:', '}']

/** As HAProxy's own `insert indirect nocache httponly`, but with a name that is data. Told when the client's is another. */
export const writeCookie = (): readonly Line[] => {
  const isOther = ['if', ...isSticky(), '!{', 'var(txn.same)', '-m', 'int', '0', '}']
  return [
    ['http-response', 'set-var(txn.same)', 'srv_name,strcmp(txn.ckv)', 'if', ...found('txn.ckv')],
    [
      'http-response',
      'add-header',
      'Set-Cookie',
      `%[${COOKIE},bytes(1)]=%[srv_name]; path=/; HttpOnly%[${COOKIE},bytes(0,1),map_str(${COOKIE_ATTRIBUTES})]`,
      ...isOther,
    ],
    ['http-response', 'add-header', 'Cache-Control', 'private', ...isOther],
  ]
}

/** Of every backend: it may not stand in defaults. A server that is not there means the usual choice. */
export const followCookie = (): readonly Line[] => [['use-server', '%[var(txn.ckv)]', 'if', ...found('txn.ckv')]]
