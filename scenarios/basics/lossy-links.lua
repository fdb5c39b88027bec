-- One packet in ten is lost on either side, and some come late or twice. Punching repeats itself until it is through.
return {
  title  = "Lossy links",
  params = { loss = "10%" },

  world = function (p)
    local bad = { delay = "15ms", jitter = "5ms", loss = p.loss, duplicate = "2%", reorder = "2%" }
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = "port-restricted-cone", alice = host {}, link = bad },
      home_b = net { nat = "port-restricted-cone", bob = host {}, link = bad },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "punch" }, attempt = "60s" })
    call:talk { frames = 100, every = "10ms" }

    expect(call.method):is "punch"
    expect(call.arrived):is_at_least(55)
    expect(call.arrived):is_at_most(99) -- four links of ten per cent: some are gone
  end,

  twins = { { set = { loss = "0%" }, fails = "expected at most 99, got 100" } },
}
