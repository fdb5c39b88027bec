-- Two agents of which both want to control, or neither does: the one with the larger tie-breaker ends up doing so, and
-- the other one gives way, which costs a check (RFC 8445, 7.3.1.1).
return {
  title  = "ICE: a conflict of roles",
  params = { alice = { "controlling", "controlled" }, bob = { "controlling", "controlled" } },

  world = function ()
    return {
      server = host { services = { "stun" } },
      home_a = net { nat = "port-restricted-cone", alice = host {} },
      home_b = net { nat = "full-cone", bob = host {} },
    }
  end,

  run = function (w, p)
    local alice = w.alice:ice { role = p.alice, stun = w.server }
    local bob = w.bob:ice { role = p.bob, stun = w.server }

    bob:told(alice:description())
    alice:told(bob:description())
    expect(alice:connect()):is(true)
    expect(bob:connect()):is(true)
    expect(alice:controlling()):is(not bob:controlling())
    if p.alice ~= p.bob then expect(alice:controlling()):is(p.alice == "controlling") end

    alice:send "across"
    expect(bob:recv()):is "across"
  end,
}
