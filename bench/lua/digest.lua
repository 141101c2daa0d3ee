-- wrk script: each request answers one Digest challenge (RFC 7616, MD5) with the next count, since none counts twice.
-- Arguments after `--`: NAME REALM NONCE HA1 TARGET. The hash costs the loader some microseconds and the server nothing.
local bit = require("bit")
local band, bor, bxor, bnot, rol, tobit = bit.band, bit.bor, bit.bxor, bit.bnot, bit.rol, bit.tobit
local sines, shifts = {}, { 7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21 }
for number = 1, 64 do sines[number] = tobit(math.floor(math.abs(math.sin(number)) * 4294967296)) end

local function step(round, x, y, z)
  if round == 0 then return bor(band(x, y), band(bnot(x), z)) end
  if round == 1 then return bor(band(x, z), band(y, bnot(z))) end
  if round == 2 then return bxor(x, y, z) end
  return bxor(y, bor(x, bnot(z)))
end

-- Where in its block a step takes its word.
local factor, offset = { [0] = 1, 5, 3, 7 }, { [0] = 0, 1, 5, 0 }

local function md5(text)
  local length = #text
  text = text .. "\128" .. string.rep("\0", (55 - length) % 64)
  local words = {}
  for at = 1, #text, 4 do
    local a, b, c, d = text:byte(at, at + 3)
    words[#words + 1] = bor(a, bit.lshift(b, 8), bit.lshift(c, 16), bit.lshift(d, 24))
  end
  words[#words + 1], words[#words + 2] = length * 8, 0
  local one, two, three, four = tobit(0x67452301), tobit(0xefcdab89), tobit(0x98badcfe), tobit(0x10325476)
  for block = 0, #words - 1, 16 do
    local a, b, c, d = one, two, three, four
    for number = 0, 63 do
      local round = math.floor(number / 16)
      local word = words[block + (factor[round] * number + offset[round]) % 16 + 1]
      local sum = tobit(a + step(round, b, c, d) + sines[number + 1] + word)
      a, d, c, b = d, c, b, tobit(b + rol(sum, shifts[round * 4 + number % 4 + 1]))
    end
    one, two, three, four = tobit(one + a), tobit(two + b), tobit(three + c), tobit(four + d)
  end
  local hex = ""
  for _, word in ipairs({ one, two, three, four }) do hex = hex .. bit.tohex(bit.bswap(word)) end
  return hex
end

local count, head, key, asked = 0

function init(args)
  local name, realm, nonce, ha1, target = args[1], args[2], args[3], args[4], args[5]
  key, asked = ha1 .. ":" .. nonce .. ":", ":0a4f113b:auth:" .. md5("GET:" .. target)
  head = ('Digest username="%s", realm="%s", nonce="%s", uri="%s", algorithm=MD5, qop=auth, cnonce="0a4f113b"'):format(name, realm, nonce, target)
end

function request()
  count = count + 1
  local nc = ("%08x"):format(count)
  return wrk.format(nil, nil, { Authorization = head .. ", nc=" .. nc .. ', response="' .. md5(key .. nc .. asked) .. '"' })
end
