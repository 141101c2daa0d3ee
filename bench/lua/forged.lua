-- wrk script: bearer tokens that are all different and all wrong: a genuine token's head and body, another signature each time.
-- Argument after `--`: a genuine token.
local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
local stem, length

function init(args)
  stem = args[1]:match("^(.*%.)")
  length = #args[1] - #stem
  math.randomseed(os.time())
end

function request()
  local signature = {}
  for i = 1, length do
    -- The last character of an unpadded signature has unused bits; "A" leaves them zero.
    local at = i == length and 1 or math.random(#alphabet)
    signature[i] = alphabet:sub(at, at)
  end
  wrk.headers["Authorization"] = "Bearer " .. stem .. table.concat(signature)
  return wrk.format()
end
