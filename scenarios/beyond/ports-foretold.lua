-- A router that gives one port after the other: the supernode watches how its ports change, and the other side speaks
-- to the next one. Where nobody can foretell them, that fails.
return {
  title  = "Port prediction: the supernode watches a router's ports, and the next one is spoken to",
  claims = { "SKA-06", "SKA-08" },
  params = {
    a = { "symmetric-sequential", "symmetric-sequential-2", "port-restricted-cone" },
    b = { "port-restricted-cone", "symmetric-sequential" },
  },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      home_a    = net { nat = p.a, alice = host { link = { delay = "5ms" } } },
      home_b    = net { nat = p.b, bob = host { link = { delay = "8ms" } } },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, try = { "punch", "predict" }, attempt = "600ms" })
    call:talk { frames = 25, every = "20ms" }

    expect(call.connected):is(true)
    expect(call.relayed):is(false)
    expect(w.supernode):saw_nothing("udp[8:4] = 0x564f4943") -- VOIC
  end,

  twins = {
    { set = { a = "symmetric-random", b = "port-restricted-cone" }, fails = "expected true, got false" },
  },
}
