-- The same router, and silence for longer than it remembers. Both mappings are gone; the new ones have other ports,
-- which nobody knows, and the call is dead.
return {
  title  = "A mapping's timeout, let run out",
  params = { silence = "1500ms" },

  world = function ()
    local brief = { base = "port-restricted-cone", udp = { timeout = "1s", ports = "random" } }
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = brief, alice = host {} },
      home_b = net { nat = brief, bob = host {} },
    }
  end,

  run = function (w, p)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "punch" }, attempt = "600ms" })
    call:hold { time = p.silence }
    call:talk { frames = 20, every = "20ms" }

    expect(call:worked "punch"):is(true)
    expect(call.arrived):is(0)
  end,

  twins = { { set = { silence = "200ms" }, fails = "expected 0, got 20" } },
}
