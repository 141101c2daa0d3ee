-- wrk script: each request carries the next line of a file, and the run ends when its slice is used up.
-- Arguments after `--`: FILE FIRST COUNT [FIELD]. Lines are bearer tokens, or values of the field. None is sent twice.
local requests, sent = {}, 0

function init(args)
  local first, count = tonumber(args[2]), tonumber(args[3])
  local number = 0
  for line in io.lines(args[1]) do
    number = number + 1
    if number > first + count then break end
    if number > first then
      if args[4] then wrk.headers[args[4]] = line else wrk.headers["Authorization"] = "Bearer " .. line end
      requests[#requests + 1] = wrk.format()
    end
  end
end

function request()
  sent = sent + 1
  if sent <= #requests then return requests[sent] end
  -- wrk's main thread sleeps for the whole duration; its own interrupt handler ends that early. Interrupts are ignored
  -- while os.execute waits, so that the signal is sent from the background.
  if sent == #requests + 1 then os.execute("(sleep 0.02; kill -INT $PPID) &") end
  wrk.thread:stop()
  return ""
end
