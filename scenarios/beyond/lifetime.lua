-- How often must a keepalive be sent? A host finds out by itself, with fresh ports that are silent for longer and
-- longer: how long its router keeps a mapping that is idle, and whether what it sends, or what comes to it, restarts
-- that time.
return {
  title  = "A mapping's lifetime, and what prolongs it, found from inside",
  params = { refresh = { "outbound", "inbound", "both", "none" }, timeout = "900ms" },

  world = function (p)
    local nat = { base = "port-restricted-cone", udp = { timeout = p.timeout, refresh = p.refresh } }
    return {
      server = host { services = { "stun" } },
      home = net { nat = nat, alice = host { link = { delay = "2ms" } } },
    }
  end,

  run = function (w, p)
    local found = w.alice:lifetime { server = w.server, longest = "2s", precision = "200ms" }

    expect(found.alive < 0.9):is(true)
    expect(found.gone > 0.9):is(true)
    expect(found.gone - found.alive < 0.45):is(true)
    expect(found.outbound):is(p.refresh == "outbound" or p.refresh == "both")
    expect(found.inbound):is(p.refresh == "inbound" or p.refresh == "both")
  end,

  twins = { { set = { refresh = "both", timeout = "1400ms" }, fails = "expected true, got false" } },
}
