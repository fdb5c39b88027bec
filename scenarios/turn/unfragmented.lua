-- DONT-FRAGMENT (RFC 8656, 11.1 and 15): what a client says must not be cut is not, and is lost where the way is too
-- narrow for it, so that the client can find out how wide that is; all else a relay sends may be cut anywhere.
return {
  title  = "TURN: what must not be fragmented, and what may be",
  params = { unfragmented = { true, false } },

  world = function ()
    return {
      server = host { services = { "turn" } },
      home   = net { nat = "symmetric", alice = host {} },
      bob    = host { services = { "echo" }, link = { mtu = 1000 } },
    }
  end,

  run = function (w, p)
    local relay = w.alice:turn { server = w.server, unfragmented = p.unfragmented }
    expect(relay ~= nil):is(true)
    relay:permit(w.bob.address)
    local function comes_back(size)
      relay:send(("x"):rep(size), w.bob:at(7))
      local text = relay:recv { within = "300ms" }
      return text and #text or "nothing"
    end

    expect(comes_back(900)):is(900)
    expect(comes_back(1200)):is(p.unfragmented and "nothing" or 1200)
    local df = p.unfragmented and "ip[6] & 0x40 != 0" or "ip[6] & 0x40 = 0"
    expect(w.server):saw("udp and dst host " .. w.bob.address .. " and " .. df)
    expect(w.server):saw_nothing("udp and dst host " .. w.bob.address .. " and not (" .. df .. ")")
  end,
}
