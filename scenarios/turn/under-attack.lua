-- Somebody throws nonsense at a TURN server, takes more connections than it has, and says nothing in them, or too
-- little: over UDP others are served all the time, and over TCP and TLS as soon as there is room again.
return {
  title  = "A TURN server under attack still serves",
  params = { transport = { "udp", "tcp", "tls" } },

  world = function ()
    return {
      server  = host { services = { "turn" } },
      mallory = host {},
      bob     = host { services = { "echo" } },
      home    = net { nat = "symmetric", alice = host {} },
    }
  end,

  run = function (w, p)
    local function relays(transport)
      local relay = w.alice:turn { server = w.server, transport = transport }
      if not relay then return "no allocation" end
      relay:permit(w.bob.address)
      relay:send("hello", w.bob:at(7))
      local heard = relay:recv { within = "2s" }
      relay:refresh "0s"
      relay:close()
      return heard
    end

    local junk = w.mallory:udp {}
    for i = 1, 1000 do
      junk:send(string.char(i % 256, i % 100):rep(i % 700 + 1), w.server:at(3478))
    end

    local port, held = p.transport == "tls" and 5349 or 3478, {}
    for i = 1, 160 do
      held[i] = w.mallory:tcp { to = w.server:at(port), within = "2s" }
      if held[i] and i % 2 == 0 then
        held[i]:send(p.transport == "tls" and "\x16\x03\x01" or "\0\3")   -- a message's first bytes, and no more
      elseif held[i] and i % 3 == 0 then
        held[i]:send(("\xff"):rep(5000))                                    -- what begins no message at all
      end
    end
    expect(relays "udp"):is "hello"

    for _, sock in pairs(held) do sock:close() end
    w:sleep "100ms"
    expect(relays(p.transport)):is "hello"
    expect(w.server):saw_at_least(160, "tcp[tcpflags] & tcp-syn != 0 and tcp dst port " .. port)
  end,
}
