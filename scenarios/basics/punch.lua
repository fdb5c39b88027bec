-- Both behind NATs: both speak first, and each one's packets open its own NAT for the other's. The classic types,
-- each against each.
return {
  title  = "Punching, through each classic type of NAT",
  params = {
    a = { "full-cone", "restricted-cone", "port-restricted-cone" },
    b = { "full-cone", "restricted-cone", "port-restricted-cone" },
  },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = p.a, alice = host {} },
      home_b = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "punch" }, attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }

    expect(call.method):is "punch"
    expect(call.arrived):is_at_least(20)
    expect(w.server):saw_nothing("udp[8:4] = 0x564f4943") -- VOIC
  end,

  twins = { { set = { a = "symmetric-random", b = "port-restricted-cone" }, fails = "expected punch, got none" } },
}
